Feature: Customers

  Scenario: 11 a person registers
    When "Mira" registers with the number "0171 / 555 {six digits}"
    Then she is enabled, with the number "+49171555{six digits}"
    When somebody registers without a name, without a number, or with letters in it
    Then each is refused as invalid, and nothing was written

  Scenario: 12 one number is one person
    Given a customer "Mira" with the number "+49171555{six digits}"
    When the number "0171-555-{six digits}" is identified
    Then it is "Mira", who was known
    When staff disable "Mira"
    Then it is done
    When staff disable "Mira"
    Then it is refused as conflict
    When staff enable "Mira"
    Then it is done
    When staff enable "Mira"
    Then it is refused as conflict

  Scenario: 13 the next text goes to the new number
    Given a customer "Mira"
    And a store "Lamps"
    And "Lamps" sells "Walnut" for 1200
    When the number of "Mira" is changed
    And "Mira" orders 1 "Walnut" as "first"
    Then the text "received" about "first" went to the new number

  Scenario: 13 the change of the number overtakes the registration
    Given "customersapi.CustomerRegistered" is refused by the table "notifications.customers_cache"
    And a customer "Mira"
    And a store "Lamps"
    And "Lamps" sells "Walnut" for 1200
    When the number of "Mira" is changed
    And everything is heard
    Then there is a dead letter of "table.notifications.customers_cache" about "Mira"
    When the disturbance is over
    And staff replay the dead letter
    And everything is heard
    Then the dead letter has been heard
    When "Mira" orders 1 "Walnut" as "first"
    Then the text "received" about "first" went to the new number
