Feature: Messaging

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And a customer "Mira"

  Scenario: 68 killed between the commit and what follows from it
    Given no listener hears anything
    When "Mira" orders 1 "A" as "first"
    Then nothing has followed from "first"
    When the server is killed and started again
    Then "first" is approved
    And everything about the making of "first" happened once

  Scenario: 69 nobody hears anything for five minutes
    Given "Mira" has the approved order "old" of 1 "A"
    And no listener hears anything
    When "Mira" orders 1 "A" as "first"
    Then it is done
    When "Mira" cancels "old"
    Then it is done
    When staff raise "A" to 1100
    And staff raise "A" to 1200
    And staff rename "Lamps" to "Lights"
    Then it is done
    And nothing has followed from "first"
    When 300 seconds pass
    And all listeners hear again
    Then "first" is approved
    And everything about the making of "first" happened once
    And everything about "old" is undone
    And a basket with "A" says 1200
    And a basket with "A" says that it comes from "Lights"
    And every stream of the log is whole and in order

  Scenario: 70 a handler fails for ten minutes
    Given "ordersapi.OrderApproved" fails before "payments.reactions" does anything
    When "Mira" orders 1 "A" as "first"
    And "Mira" cancels the approved "first"
    Then what "payments.reactions" was told of "first" is parked, and tried again after 1, 5, 30 and 120 seconds
    And the cancellation of "first" waits behind it
    When "Noor" orders 1 "A" as "second"
    Then "second" is approved
    When 444 seconds pass
    And the disturbance is over
    And 156 seconds pass
    Then nothing is parked
    And there is no dead letter
    And everything about "first" is undone
    And no invoice of "first" is payable

  Scenario: 71 a message that cannot be decoded
    Given the listener "notifications.reactions" hears nothing
    And an administrator looks at the sagas and at operations
    When "Mira" orders 1 "A" as "first"
    And "Noor" orders 1 "A" as "second"
    Then "first" is approved
    And "second" is approved
    When the creation of "first" becomes unreadable
    And the server is killed and started again
    Then the page shows a dead letter of "notifications.reactions" about "first"
    And the texts about "second" are "received", each sent once
    And no text about "first" is sent
    When the creation of "first" is mended
    And staff replay the dead letter
    Then the texts about "first" are "received", each sent once
    And there is no dead letter

  Scenario: 72 two servers do everything once, and one takes over when the other is killed
    Given a second server on the same database
    When "Mira" orders 1 "A" at both servers, 5 times each
    Then each of them is approved
    And each of them was created once, with one list and one invoice
    When "Mira" orders 1 "A" at both servers, 5 times more each, and the first is killed meanwhile
    Then each of them is approved at the second
    And each of them was created once, with one list and one invoice
    And every stream of the log is whole and in order

  Scenario Outline: 73 a handler throws <where>
    Given "depotapi.CreateShoppingList" fails <where>
    And "storesapi.ProductAdded" fails <where> in the table
    When "Lamps" sells "B" for 500
    And "Mira" orders 1 "A" as "first"
    Then both happen
    And they are parked, and have left <what>
    When the disturbance is over
    And 1 seconds pass
    Then "first" is approved
    And everything about the making of "first" happened once
    And the baskets know "B" once

    Examples:
      | where                           | what                         |
      | before it has done anything     | nothing                      |
      | when it has decided             | nothing                      |
      | when its effect is written      | the effect of a handler only |

  Scenario: 74 PostgreSQL is killed and stays away
    Given "Mira" has the approved order "old" of 1 "A"
    When PostgreSQL is killed and cannot start
    Then every command and every list is answered with unavailable
    And the server says that it is not ready
    When PostgreSQL can start
    Then the server says that it is ready
    When "Mira" orders 1 "A" as "first"
    Then "first" is approved
    And "old" is approved
    And the server was not started again

  Scenario: 75 one correlation from the kiosk to the text
    When "Mira" orders 1 "A" as "first"
    Then the texts about "first" are "received", each sent once
    And "first" is approved
    And everything that followed from the checkout of "first" has its correlation, up to the text
