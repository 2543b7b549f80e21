Feature: Baskets

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1999
    And "Lamps" sells "B" for 501
    And a customer "Mira"

  Scenario: 14 the total is exact, the lines in order
    Given "Mira" has a basket with 2 "A" and 1 "B"
    Then the basket is worth 4499, with the lines 2 "A", 1 "B"

  Scenario: 15 who may not order has no basket, and quantities have limits
    When an unknown customer starts a basket
    Then it is refused as not_found
    When staff disable "Mira"
    And "Mira" starts a basket
    Then it is refused as forbidden
    Given a customer "Noor"
    And "Noor" has a basket with 1 "A"
    When 0, -1 or 1000 "B" are added
    Then each is refused as invalid, and nothing was written

  Scenario: 16 a product is looked up where it is not known yet
    Given the listener "table.baskets.products_cache" hears nothing
    And "Lamps" sells "New" for 700
    And "Mira" has a basket with 1 "A"
    When 1 "New" is added
    Then it is done
    And the baskets know "New" once
    And the basket is worth 2699, with the lines 1 "A", 1 "New"
    When an unknown product is added
    Then it is refused as not_found

  Scenario: 17 what is taken out leaves the rest
    Given "Mira" has a basket with 3 "A"
    When 2 "A" are taken out
    Then the basket is worth 1999, with the lines 1 "A"
    When 2 "A" are taken out
    Then it is refused as invalid
    When 1 "A" are taken out
    Then the basket is worth 0, with no lines
    When 1 "A" are taken out
    Then it is refused as invalid

  Scenario: 18 what is not sold any more can leave the basket and not be bought
    Given "Mira" has a basket with 1 "A" and 1 "B"
    And the card is authorised
    And "A" was removed and baskets know
    When the basket is checked out
    Then it is refused as conflict
    When 1 "A" are taken out
    Then it is done

  Scenario: 19 a store that left sells nothing
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    And "Lamps" left and baskets know
    When 1 "B" is added
    Then it is refused as conflict, naming "Lamps"
    When the basket is checked out
    Then it is refused as conflict, naming "Lamps"

  Scenario: 20 a new price is confirmed by a second checkout
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    And staff raised "A" to 2500 and baskets know
    When the basket is checked out
    Then it is refused as conflict, with the change from 1999 to 2500
    When the card is authorised and the basket checked out
    Then it is done

  Scenario: 21 a basket is checked out once, and with something in it
    Given "Mira" has an empty basket
    When the basket is checked out with an unknown payment
    Then it is refused as invalid
    Given "Mira" has a basket with 1 "A"
    When the basket is checked out without a payment
    Then it is refused as invalid
    When the card is authorised and the basket checked out
    Then it is done
    When the basket is checked out
    Then it is refused as conflict
    Given "Mira" has a basket with 1 "A"
    When the basket is canceled
    Then it is done
    When 1 "B" is added
    Then it is refused as conflict

  Scenario: 22 an untouched basket is abandoned
    Given "Mira" has a basket with 1 "A"
    And the card is authorised
    When 500 seconds pass
    And 1 "A" is added
    And 500 seconds pass
    Then the basket is still open
    When 101 seconds pass
    Then the basket is canceled as abandoned
    And its authorisation is released

  Scenario: 23 two kiosks lose no line
    Given "Mira" has a basket with 1 "A"
    When two kiosks add "A" and "B" 10 times each at once
    Then every line that was answered with done is in the basket

  Scenario: 24 a basket with a long history is the same after a restart
    Given "Mira" has a basket with 1 "A"
    And 60 times 1 "A" was added and taken out
    When the server is killed and started again
    Then the basket is worth 1999, with the lines 1 "A"
