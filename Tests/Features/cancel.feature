Feature: Cancel

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And a customer "Mira"

  Scenario: 57 a customer cancels before and during the shopping
    Given "Mira" has the approved order "first" of 1 "A"
    When "Mira" cancels "first"
    Then it is done
    And everything about "first" is undone
    Given "Mira" has the approved order "second" of 1 "A"
    And a robot "R1"
    And "R1" has started on "second"
    When "Mira" cancels "second"
    Then it is done
    And everything about "second" is undone
    And "R1" is recalled on the fleet screen
    And one text "canceled" about "second" is sent

  Scenario: 58 a supervisor cancels what is ready and paid
    Given "Mira" has the approved order "first" of 1 "A"
    And its invoice is paid
    When "first" is brought and checked in
    Then "first" is ready
    When staff cancel "first" because ""
    Then it is refused as invalid
    When "Mira" cancels "first"
    Then it is refused as forbidden or conflict
    When staff cancel "first" because "damaged"
    Then it is done
    And of "first" 1000 was received and 1000 given back
    And the bay of "first" is free

  Scenario Outline: 59 what has ended is not canceled
    Given "Mira" has the <end> order "first" of 1 "A"
    When staff cancel "first" because "too late"
    Then it is refused as conflict

    Examples:
      | end       |
      | completed |
      | rejected  |
      | canceled  |

  Scenario: 60 a cancel races a handover
    Given "Mira" has the approved order "first" of 1 "A"
    And its invoice is paid
    When "first" is brought and checked in
    Then "first" is ready
    When "first" is handed over and canceled at once
    Then one is done, the other refused as conflict
    And of "first" there are either goods or a refund

  Scenario: 60 a cancel races a payment
    Given "Mira" has the approved order "first" of 1 "A"
    When "first" is paid and canceled at once
    Then "first" is canceled
    And the money of "first" is released or given back

  Scenario: 61 canceled before Payments heard of the approval
    Given the module "payments" hears nothing after the saga
    When "Mira" orders 1 "A" as "first"
    And "Mira" cancels "first"
    And the module "payments" hears again
    Then the saga of "first" has ended
    And no invoice of "first" is payable
