Feature: Ready

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And "Lamps" sells "B" for 500
    And a customer "Mira"

  Scenario: 47 everything is there
    Given "Mira" has the approved order "first" of 2 "A"
    When "first" is brought and checked in
    Then "first" is ready
    And the invoice of "first" is pending over 2000
    And one text "ready" about "first" is sent, with the pickup code

  Scenario: 48 one of three is missing
    Given "Mira" has the approved order "first" of 3 "A"
    When "first" is brought and checked in, without 1 "A"
    Then "first" is ready
    And "first" is worth 2000
    And the invoice of "first" is pending over 2000
    And the text "adjusted" about "first" names "A"

  Scenario: 49 paid on arrival, then short
    Given "Mira" has the approved order "first" of 3 "A"
    When a cashier takes the payment of "first"
    Then the invoice of "first" is paid
    When "first" is brought and checked in, without 1 "A"
    Then "first" is ready
    And of "first" 3000 was received and 1000 given back

  Scenario Outline: 50 nothing is there
    Given "Mira" has the approved order "first" of 1 "A"
    And its invoice is <state>
    When "first" is brought and checked in, without 1 "A"
    Then "first" is canceled because nothing was to be had
    And the money of "first" is released or given back

    Examples:
      | state   |
      | pending |
      | paid    |
