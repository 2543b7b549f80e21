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
    When "Karl" takes the payment of "first"
    Then it is refused as forbidden, and audited for "Karl"
    When "Olga" cancels "first" because "I can"
    Then it is refused as forbidden, and audited for "Olga"
    And "Olga" can read the orders

  Scenario: 77 an order is canceled at the cashier's desk
    Given "Mira" has the approved order "first" of 1 "A"
    And "Carl" is cashier
    And "Carl" finds "first" by its code
    When staff cancel "first" because "the customer called"
    Then "Carl" finds "first" by its code no more
    When "Carl" takes the payment of "first"
    Then it is refused as conflict

  Scenario: 79 a role that is withdrawn
    Given "Carl" is cashier
    Then "Carl" can read the invoices
    When the role of "Carl" is withdrawn
    Then "Carl" can read the invoices no more

  Scenario: 80 who is not known is not let in
    When the kiosk, staff and robot gateways are asked without a token, and with a wrong one
    Then each is refused as unauthenticated
    Given a robot "R1"
    And a robot "R2"
    And "Mira" has the approved order "first" of 1 "A"
    And "R1" has started on "first"
    When "R2" reports 1 "A" of "first" as number 9
    Then it is refused as forbidden or conflict

  Scenario: 81 the audit names who did what
    When staff rename "Lamps" to "Lights"
    Then the audit names the administrator, done, and the correlation of it
