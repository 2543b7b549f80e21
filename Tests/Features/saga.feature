Feature: The making of an order

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And "Lamps" sells "B" for 500
    And a customer "Mira"

  Scenario: 25 all is well
    When "Mira" orders 1 "A" as "first"
    Then "first" is approved
    And its list is available, its payment confirmed, its invoice pending over 1000
    And the texts about "first" are "received", each sent once

  Scenario: 25 caches that never heard of the goods look them up (F-D9)
    Given the listener "table.baskets.products_cache" hears nothing
    And the listener "table.baskets.stores_cache" hears nothing
    And a store "Books"
    And "Books" sells "C" for 700
    When "Mira" orders 1 "C" as "first"
    Then "first" is approved
    And its list is available, its payment confirmed, its invoice pending over 700

  Scenario: 26 a customer who was disabled meanwhile
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    When staff disable "Mira"
    And the basket is checked out as "first"
    Then "first" is rejected
    And it has no list, and its payment is released
    And the texts about "first" are "received" and "rejected", each sent once
    And the text "rejected" about "first" says why

  Scenario: 27 a payment that is unknown
    Given "Mira" has a basket with 1 "A"
    When the basket is checked out with an unknown payment as "first"
    Then "first" is rejected
    And its list is canceled

  Scenario: 27 a payment that is one unit less than the order
    Given "Lamps" sells "C" for 999
    And "Mira" has a basket with 1 "C"
    And the card is authorised
    And staff raised "C" to 1000 and baskets know
    When the basket is checked out
    Then it is refused as conflict, with the change from 999 to 1000
    When the basket is checked out as "too much"
    Then "too much" is rejected
    And its list is canceled, and its payment released
    And the payment of "too much" was never confirmed

  Scenario: 27 a payment of exactly what the order costs
    When "Mira" orders 1 "A" as "exact"
    Then "exact" is approved
    And its list is available, its payment confirmed, its invoice pending over 1000

  Scenario: 27 a payment of somebody else
    Given a customer "Noor"
    And "Noor" has a basket with 1 "A"
    And the card is authorised as "card of Noor"
    And "Mira" has a basket with 1 "A"
    When the basket is checked out with "card of Noor" as "foreign"
    Then "foreign" is rejected
    And its list is canceled
    And the payment "card of Noor" is untouched

  Scenario: 27 a payment that another order has
    Given "Mira" has the approved order "first" of 1 "A"
    And "Mira" has a basket with 1 "A"
    When the basket is checked out with "first" as "second"
    Then "second" is rejected
    And its list is canceled
    And the payment of "first" was confirmed, and nothing else
    And "first" is approved

  Scenario: 28 a product that is gone before the list is made
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    And "depotapi.CreateShoppingList" comes late to "depot.commands"
    When the basket is checked out as "first"
    Then that happens 1 time
    When staff remove "A"
    And everything is heard
    And the disturbance is over
    Then "first" is rejected
    And its reason names "A"
    And it has no list, and its payment is released

  Scenario Outline: 29 canceled during the step <step>
    Given "<command>" comes late to "<module>.commands"
    When "Mira" orders 1 "A" as "first"
    Then that happens 1 time
    When "Mira" cancels "first"
    Then it is done
    And "first" is canceled
    When the disturbance is over
    Then the saga of "first" is compensated
    And everything is heard
    And "first" is canceled
    And its list is canceled or none, and its payment released
    And no invoice of "first" is payable
    And "first" was never approved

    Examples:
      | step | module    | command                         |
      | 1    | customers | customersapi.AuthorizeCustomer  |
      | 2    | depot     | depotapi.CreateShoppingList     |
      | 3    | payments  | paymentsapi.ConfirmPayment      |
      | 4    | depot     | depotapi.InitiateShopping       |
      | 5    | ordering  | ordersapi.ApproveOrder          |

  Scenario: 30 everything comes twice at once
    Given everything comes twice
    When "Mira" has the completed order "first" of 1 "A"
    Then that happens 30 times or more
    And everything about "first" happened once
    And of "first" 1000 was received and 0 given back

  Scenario: 30 everything comes a second time at the end, in no order
    Given everything comes again later
    When "Mira" has the completed order "first" of 1 "A"
    Then that happens 30 times or more
    When the disturbance is over
    And everything is heard
    Then nothing more was written about "first"
    And everything about "first" happened once
    And of "first" 1000 was received and 0 given back

  Scenario: 30 what is undone comes twice and in no order
    Given everything comes again later
    When "Mira" has the rejected order "first" of 1 "A"
    And the disturbance is over
    And everything is heard
    Then nothing more was written about "first"
    And "first" is rejected
    And the texts about "first" are "received" and "rejected", each sent once

  Scenario: 31 a module that is away for 20 seconds is waited for
    Given the module "depot" hears nothing
    When "Mira" orders 1 "A" as "first"
    Then the saga of "first" has asked the depot 1 time, and waits
    When 20 seconds pass
    Then the saga of "first" has asked the depot 1 time, and waits
    When the module "depot" hears again
    Then "first" is approved
    And it has exactly one list

  Scenario: 31 a module that is away for longer is asked again, and does it once
    Given the module "depot" hears nothing
    When "Mira" orders 1 "A" as "first"
    Then the saga of "first" has asked the depot 1 time, and waits
    When 31 seconds pass, 2 times
    Then the saga of "first" has asked the depot 3 times, and waits
    When the module "depot" hears again
    Then "first" is approved
    And it has exactly one list

  Scenario: 31 a module that never answers is not waited for
    Given the module "depot" hears nothing
    When "Mira" orders 1 "A" as "first"
    Then the saga of "first" has asked the depot 1 time, and waits
    When 31 seconds pass, 4 times
    Then the saga of "first" has asked the depot 5 times, and waits
    When 31 seconds pass
    Then "first" is rejected
    And the saga of "first" is compensated
    And "first" was asked of the depot 5 times
    When the module "depot" hears again
    Then its list is canceled or none, and its payment released

  Scenario: 32 an undo that is refused ten times is stuck until a person helps
    Given "depotapi.CancelShoppingList" is refused by "depot.commands" 10 times
    And an administrator looks at the sagas and at operations
    When "Mira" has a basket with 1 "A"
    And the basket is checked out with an unknown payment as "first"
    Then the undo is refused, and asked for again after 1, 2, 4, 8, 16, 32, 60, 60 and 60 seconds
    And the saga of "first" is stuck
    And the page shows the saga of "first" as stuck, and the alarm of it
    And "first" is pending
    When staff retry the saga of "first"
    Then the saga of "first" is compensated
    And "first" is rejected
    And its list is canceled

  Scenario Outline: 33 killed when <module> has done step <step> and nobody knows
    Given "<listener>" stands still when it has heard "<message>"
    When "Mira" orders 1 "A" as "first"
    Then that happens 1 time
    When the server is killed and started again
    Then "first" is approved
    And everything about the making of "first" happened once

    Examples:
      | step | module      | listener           | message                        |
      | 1    | customers   | customers.commands | customersapi.AuthorizeCustomer |
      | 2    | depot       | depot.commands     | depotapi.CreateShoppingList    |
      | 3    | payments    | payments.commands  | paymentsapi.ConfirmPayment     |
      | 4    | depot       | depot.commands     | depotapi.InitiateShopping      |
      | 5    | ordering    | ordering.commands  | ordersapi.ApproveOrder         |
      | 0    | coordinator | cosec.reactions    | ordersapi.OrderCreated         |

  Scenario Outline: 33 killed before <listener> hears anything
    Given the listener "<listener>" hears nothing
    When "Mira" orders 1 "A" as "first"
    And everything is heard
    And the server is killed and started again
    Then "first" is approved
    And everything about the making of "first" happened once

    Examples:
      | listener          |
      | depot.commands    |
      | ordering.commands |
      | cosec.replies     |

  Scenario: 33 a late reply meets a saga that has ended
    Given what "cosec.replies" hears comes again later
    When "Mira" orders 1 "A" as "first"
    Then "first" is approved
    And the saga of "first" is completed
    And that happens 5 times
    When the disturbance is over
    And everything is heard
    Then nothing more was written about "first"
    And the saga of "first" is completed

  Scenario: 34 a refusal that follows what was decided leaves nothing but its reason
    Given "paymentsapi.ConfirmPayment" is refused by "payments.commands" 1 time
    When "Mira" orders 1 "A" as "first"
    Then "first" is rejected
    And that happens 1 time
    And the saga of "first" is compensated, with the reason of the test
    And the payment of "first" was never confirmed
    And its list is canceled, and its payment released
