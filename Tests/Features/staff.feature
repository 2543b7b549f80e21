Feature: Staff

  Background:
    Given a store "Lamps"
    And a store "Books"
    And "Lamps" sells "A" for 1000
    And "Books" sells "B" for 500
    And a customer "Mira"

  Scenario: 76 everybody does what their role may, and refusals are audited
    Given "Mona" is store_manager of "Lamps"
    And "Karl" is depot_clerk
    And "Olga" is auditor
    And "Mira" has the approved order "first" of 1 "A"
    When "Mona" changes the price of "B"
    Then it is refused as forbidden, and audited for "Mona"
    When "Mona" renames "Books"
    Then it is refused as forbidden, and audited for "Mona"
    When "Mona" renames "Lamps"
    Then it is done
    When "Karl" takes the payment of "first"
    Then it is refused as forbidden, and audited for "Karl"
    When "Olga" cancels "first" because "I can"
    Then it is refused as forbidden, and audited for "Olga"
    And "Olga" can read the orders

  Scenario: 77 an order is canceled at the cashier's desk
    Given "Mira" has the approved order "first" of 1 "A"
    And "Carl" is cashier
    And "Carl" finds "first" by its code
    And "Carl" looks at the pickup desk
    Then the page shows "first"
    When staff cancel "first" because "the customer called"
    Then the page shows "first" no more
    And "Carl" finds "first" by its code no more
    When "Carl" takes the payment of "first"
    Then it is refused as conflict

  Scenario: 78 a page comes back after a moment, and after an hour
    Given 20 stores more
    And an administrator looks at the mall
    When the page is cut off
    And 3 of the stores are renamed, 4 times each
    And 5 seconds pass
    And the page comes back
    Then it was sent 3 rows, each once
    And it shows what the mall is
    When the page is cut off
    And 2 of the stores are renamed, 4 times each
    And 3600 seconds pass
    And the page comes back
    Then it was sent 2 rows, each once
    And it shows what the mall is
    And it was never told to begin anew

  Scenario: 78 a page comes back to another server
    Given a second server on the same database
    And 20 stores more
    And an administrator looks at the mall
    When the page is cut off
    And 3 of the stores are renamed, 4 times each
    And the page comes back to the second server
    Then it was sent 3 rows, each once
    And it shows what the mall is
    And it was never told to begin anew

  Scenario: 78 a page comes back when the horizon has passed
    Given 20 stores more
    And an administrator looks at the mall
    When the page is cut off
    And 3 of the stores are renamed, 1 times each
    And the server was started a day ago, and is again
    And the page comes back
    Then it is told to begin anew, because it is too old
    And it shows what the mall is

  Scenario: 79 a page that reads too slowly
    Given "Lamps" sells 20 products
    And an administrator looks at the catalogue of "Lamps" on a slow page
    And another looks at the catalogue of "Lamps"
    When the slow page stops reading
    And the products of "Lamps" are described 1600 times, at length
    Then the other page shows what the catalogue of "Lamps" is
    And the slow page is behind
    When the slow page reads again
    Then it shows what the catalogue of "Lamps" is
    And it was sent fewer than half of the changes

  Scenario: 79 a role that is withdrawn
    Given "Carl" is cashier
    And "Mira" has the approved order "first" of 1 "A"
    And "Carl" looks at the invoices and the pickup desk
    Then "Carl" can read the invoices
    When the role of "Carl" is withdrawn
    Then the page holds no invoice any more, and is told why
    And the page goes on showing the pickup desk
    And "Carl" can read the invoices no more

  Scenario: 80 who is not known is not let in
    When the kiosk, staff and robot gateways are asked without a token, and with a wrong one
    Then each is refused as unauthenticated
    Given a robot "R1"
    And a robot "R2"
    And "Mira" has the approved order "first" of 1 "A"
    And "R1" has started on "first"
    When "R2" reports 1 "A" of "first" as number 9
    Then it is refused as forbidden
    When "R2" is taken out of service
    And "R2" asks for work
    Then it is refused as unauthenticated
    Given "Carl" is cashier
    When the session of "Carl" is over
    Then "Carl" is nobody, and so is a page

  Scenario: 81 the audit names who did what
    When staff rename "Lamps" to "Lights"
    Then the audit names the administrator, done, and the correlation of it
    When "Mira" orders 1 "A" as "first"
    Then "first" is approved
    And every row of the log has an actor and a correlation, and what the kiosk did names it
