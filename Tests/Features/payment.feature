Feature: Payment

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And a customer "Mira"

  Scenario: 51 paid before it is ready
    Given "Mira" has the approved order "first" of 1 "A"
    When a cashier takes the payment of "first"
    Then the invoice of "first" is paid
    And "first" is approved
    When "first" is handed over
    Then it is refused as conflict, saying "collected"

  Scenario: 52 ready and unpaid, then both
    Given "Mira" has the approved order "first" of 1 "A"
    When "first" is brought and checked in
    Then "first" is ready
    When "first" is handed over
    Then it is refused as conflict, saying "paid"
    When a cashier takes the payment of "first"
    Then the invoice of "first" is paid
    When "first" is handed over, once the payment is known
    Then it is done
    And "first" is completed
    And the bay of "first" is free
    And one text "completed" about "first" is sent

  Scenario: 53 two cashiers at once, and an amount that is not true any more
    Given "Mira" has the approved order "first" of 3 "A"
    When two cashiers take the payment of "first" at once
    Then one is done, the other refused as conflict
    And the invoice of "first" is paid
    And of "first" 3000 was received and 0 given back
    And the card of "first" was charged once
    Given "Mira" has the approved order "second" of 2 "A"
    When a cashier takes 1999 for "second"
    Then it is refused as conflict, saying "20.00 EUR"

  Scenario: 54 a refused card, then cash
    Given "Mira" has the approved order "first" of 1 "A"
    And the card service refuses to capture
    When a cashier takes the payment of "first"
    Then the invoice of "first" is pending, with the refusal
    Given a cashier has opened a shift
    When the cashier takes cash for "first"
    Then the invoice of "first" is paid
    And its authorisation is released, once the card service answers

  Scenario: 55 what is paid or canceled is not paid
    Given "Mira" has the approved order "first" of 1 "A"
    And its invoice is paid
    When a cashier takes the payment of "first"
    Then it is refused as conflict
    Given "Mira" has the approved order "second" of 1 "A"
    When "Mira" cancels "second"
    Then the invoice of "second" is canceled
    When a cashier takes the payment of "second"
    Then it is refused as conflict
    And the invoice of "second" can be read

  Scenario: 56 a handover that is asked for twice
    Given "Mira" has the approved order "first" of 1 "A"
    And its invoice is paid
    When "first" is brought and checked in
    Then "first" is ready
    When "first" is handed over twice under one key
    Then both answers are the same
    And one event completed "first"
