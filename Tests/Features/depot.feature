Feature: Depot

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And "Lamps" sells "B" for 500
    And a customer "Mira"

  Scenario: 44 the clerk's count wins
    Given "Mira" has the approved order "first" of 3 "A"
    And a robot brought "first"
    When a clerk counts "first" with 1 "A" less
    Then "first" is ready
    And "first" is worth 2000

  Scenario: 45 only what was delivered is completed
    Given "Mira" has the approved order "first" of 1 "A"
    When a clerk completes "first"
    Then it is refused as conflict
    Given a robot "R1"
    And "R1" has started on "first"
    When a clerk completes "first"
    Then it is refused as conflict
    When staff cancel "first" because "it must not be"
    And a clerk completes "first" once its list is canceled
    Then it is refused as conflict

  Scenario: 46 a list asks for sums, and only idle robots are sent
    Given "Mira" has a basket with 1 "A"
    And 2 "A" was added
    And the card is authorised
    When the basket is checked out as "first"
    Then "first" is approved
    And its list asks for 3 "A" in one line
    Given a robot "R1"
    And "Mira" has the approved order "second" of 1 "A"
    And "R1" has started on "second"
    When a clerk sends "R1" for "first"
    Then it is refused as conflict
    When a clerk sends an unknown robot for "first"
    Then it is refused as not_found
