Feature: Search

  Background:
    Given a store "Lamps"
    And a store "Books"
    And "Lamps" sells "A" for 1000
    And "Books" sells "B" for 500
    And a customer "Mira"
    And a customer "Noor"

  Scenario: 62 filters, one by one and together
    Given "Mira" has the approved order "first" of 1 "A"
    And "Mira" has the approved order "second" of 1 "B"
    And "Noor" has the approved order "third" of 1 "A" and 1 "B"
    Then the search for the store "Lamps" finds "third", "first"
    And the search for the customer "Mira" finds "second", "first"
    And the search for the product "B" finds "third", "second"
    And the search for the customer "Mira" and the store "Lamps" finds "first"
    And the search for the customer "Noor" and a total of 1500 to 1500 finds "third"
    And the search for the customer "Mira" and a total of 0 to 999 finds "second"
    And the search for the customer "Mira" and from the time of "first" finds "second", "first"
    And the search for the customer "Mira" and from the time of "second" finds "second"
    And the search for the customer "Mira" and to the time of "second" finds "first"
    And the search for the customer "Mira" and the status "approved" finds "second", "first"
    And the search for the customer "Mira" and the status "ready" finds nothing

  Scenario: 63 pages of the search while orders arrive, and the names of the day
    Given "Mira" has the approved order "old" of 1 "A"
    When "Mira" orders 1 "A", 7 times
    And the orders of "Mira" are paged by 3 while others are placed
    Then no order is repeated, and none of the first is missing
    When staff rename "Lamps" to "Lights"
    And "Mira" orders 1 "A" as "new"
    Then the search finds "old" from "Lamps", and "new" from "Lights"
