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
    And one text "received" about "first" is sent

  Scenario: 26 a customer who was disabled meanwhile
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    When staff disable "Mira"
    And the basket is checked out as "first"
    Then "first" is rejected
    And it has no list, and its payment is released
    And one text "rejected" about "first" is sent

  Scenario: 27 a payment must be enough, one's own, and for this order
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    And 1 "B" was added
    When the basket is checked out as "too much"
    Then "too much" is rejected
    And its list is canceled or none, and its payment released
    Given a customer "Noor"
    And "Noor" has a basket with 1 "A"
    And the card is authorised as "card of Noor"
    And "Mira" has a basket with 1 "A"
    When the basket is checked out with "card of Noor" as "foreign"
    Then "foreign" is rejected or was refused
    And the payment "card of Noor" is untouched
    When "Noor" orders 1 "A" as "exact"
    Then "exact" is approved

  Scenario: 28 a product that is gone before the list is made
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    And the module "depot" hears nothing
    When the basket is checked out as "first"
    And staff remove "A"
    And the module "depot" hears again
    Then "first" is rejected, with a reason that names "A", or is approved if the list was made before

  Scenario Outline: 29 canceled while <module> is asked
    Given the module "<module>" hears nothing
    When "Mira" orders 1 "A" as "first"
    And "Mira" cancels "first"
    Then "first" is canceled
    When the module "<module>" hears again
    Then the saga of "first" has ended
    And "first" is canceled
    And its list is canceled or none, and its payment released

    Examples:
      | module    |
      | customers |
      | depot     |
      | payments  |
      | ordering  |

  Scenario: 31 a module that is away for a while is asked again
    Given the module "depot" hears nothing
    When "Mira" orders 1 "A" as "first"
    And 31 seconds pass
    And the module "depot" hears again
    Then "first" is approved
    And it has exactly one list

  Scenario: 31 a module that never answers is not waited for
    Given the module "depot" hears nothing
    When "Mira" orders 1 "A" as "first"
    And 31 seconds pass, 6 times
    Then "first" is rejected
    When the module "depot" hears again
    Then its list is canceled or none, and its payment released

  Scenario: 32 an undo that nobody answers is stuck until a person helps
    Given the module "depot" hears nothing
    When "Mira" orders 1 "A" as "first"
    And 31 seconds pass, 6 times
    And the module "ordering" hears nothing
    And 61 seconds pass, 12 times
    Then the saga of "first" has ended, or is stuck
    When the module "depot" hears again
    And the module "ordering" hears again
    And staff retry the saga of "first", if it is stuck
    Then the saga of "first" has ended

  Scenario Outline: 33 the server is killed while <module> is asked
    Given the module "<module>" hears nothing
    When "Mira" orders 1 "A" as "first"
    And the server is killed and started again
    Then "first" is approved
    And it has exactly one list
    And its payment was confirmed once

    Examples:
      | module    |
      | customers |
      | depot     |
      | payments  |
      | ordering  |

  Scenario: 34 a refused step leaves nothing but its reason
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    And 1 "B" was added
    When the basket is checked out as "too much"
    Then "too much" is rejected
    And the saga of "too much" has ended, with a reason
    And the payment of "too much" was never confirmed
