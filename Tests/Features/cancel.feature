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
    And "R1" picks 1 "A" of "second"
    When "Mira" cancels "second"
    Then it is done
    And everything about "second" is undone
    And "R1" is recalled on the fleet screen
    And the goods of "second" are on the returns shelf
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
    And the goods of "first" are on the returns shelf

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
    Given "Mira" has 5 orders of 1 "A" that are ready and paid
    When each is handed over and canceled at once
    Then of each, one is done, the other refused as conflict
    And of each there are either goods or a refund of 1000, and never both

  Scenario: 60 a cancel races a payment
    Given "Mira" has 5 approved orders of 1 "A"
    When each is paid and canceled at once
    Then each is canceled
    And the money of each is released or given back

  Scenario: 60 a cancel overtakes a payment that the bank is asked for
    Given "Mira" has the approved order "first" of 1 "A"
    And "paymentsapi.InvoiceCapturing" comes late to "payments.card.reactions"
    When a cashier takes the payment of "first"
    And "Mira" cancels "first"
    Then "first" is canceled
    When the disturbance is over
    Then the money of "first" is released or given back

  Scenario: 61 canceled before Payments heard of the approval
    Given "ordersapi.OrderApproved" is refused by "payments.reactions" 1 time
    When "Mira" orders 1 "A" as "first"
    Then "first" is approved
    And that happens 1 time
    And there is a dead letter of "payments.reactions" about "first"
    When "Mira" cancels "first"
    Then everything about "first" is undone
    When staff replay the dead letter
    And everything is heard
    Then the dead letter has been heard
    And no invoice of "first" is payable
    And everything about "first" is undone
    When a cashier takes the payment of "first", if there is an invoice
    Then it is refused as conflict or not_found
