Feature: Stores

  Scenario: 1 a new store is in the mall and takes no part
    When staff open the store "Lamps" at "Level 1, unit 7"
    Then it is done
    And "Lamps" is in the mall, not participating
    And "Lamps" is absent from the kiosk
    When staff open a store without a name or without a location
    Then each is refused as invalid, and nothing was written

  Scenario: 2 participation is switched on once, and off only when on
    Given a new store "Lamps"
    When staff take "Lamps" out
    Then it is refused as conflict
    When staff let "Lamps" take part
    Then it is done
    When staff let "Lamps" take part
    Then it is refused as conflict

  Scenario: 3 a new name is known everywhere
    Given a store "Lamps"
    And "Lamps" sells "Walnut" for 1200
    When staff rename "Lamps" to "Lights"
    Then the mall shows "Lights" for "Lamps"
    And a basket with "Walnut" says that it comes from "Lights"
    And an order with "Walnut" comes from "Lights", in the search and on the shopping list

  Scenario: 4 products are added within limits
    Given a store "Lamps"
    When staff add "Gift" for 0 to "Lamps"
    Then it is done
    When staff add "Debt" for -1 to "Lamps"
    Then it is refused as invalid
    When staff add " " for 100 to "Lamps"
    Then it is refused as invalid
    When staff add "Orphan" for 100 to an unknown store
    Then it is refused as not_found
    When staff add "First" for 100 with SKU "L-1" to "Lamps"
    Then it is done
    When staff add "Second" for 100 with SKU "L-1" to "Lamps"
    Then it is refused as conflict

  Scenario: 5 a price is raised
    Given a store "Lamps"
    And "Lamps" sells "Walnut" for 1000
    When staff raise "Walnut" to 1250
    Then it is done
    And the catalogue of "Lamps" says 1250 for "Walnut"
    And a basket with "Walnut" says 1250
    And one event raised "Walnut" by 250 to 1250
    And the server still serves

  Scenario Outline: 6 a price is changed the way it is called
    Given a store "Lamps"
    And "Lamps" sells "Walnut" for 1000
    When staff <change> "Walnut" to <price>
    Then it is refused as invalid
    And the catalogue of "Lamps" says 1000 for "Walnut"

    Examples:
      | change | price |
      | raise  | 900   |
      | raise  | 1000  |
      | lower  | 1100  |
      | lower  | 1000  |
      | lower  | -1    |

  Scenario: 7 what was removed stays removed
    Given a store "Lamps"
    And "Lamps" sells "Walnut" for 1000
    And "Walnut" was removed
    When staff raise "Walnut" to 1100
    Then it is refused as conflict
    When staff rename the product "Walnut" to "Oak"
    Then it is refused as conflict
    When staff remove "Walnut"
    Then it is refused as conflict
    And the kiosk does not list "Walnut" of "Lamps"

  Scenario: 8 commands about what does not exist begin nothing
    When each command is given for an unknown id
    Then each is refused as not_found, and nothing was written

  Scenario: 9 pages repeat nothing and miss nothing
    Given a store "Lamps"
    And "Lamps" sells 53 products
    When its catalogue is paged by 20 while others are added
    Then no product is repeated, and none of the 53 is missing

  Scenario: 10 a manager sees what was decided
    Given a new store "Lamps"
    And "Mona" is store_manager of "Lamps"
    And "Mona" looks at the mall
    When "Mona" asks for "Lamps" to take part
    Then it is done
    And "Mona" sees "Lamps" asking
    When staff deny "Lamps"
    Then "Mona" sees "Lamps" not asking and not participating
    When "Mona" asks for "Lamps" to take part
    And staff let "Lamps" take part
    Then "Mona" sees "Lamps" participating and not asking
