Feature: Messaging

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And a customer "Mira"

  Scenario: 68 killed between the commit and what follows from it
    Given no listener hears anything
    When "Mira" orders 1 "A" as "first"
    And the server is killed and started again
    Then "first" is approved
    And "first" was created once, with one list and one invoice

  Scenario: 69 nobody hears anything for five minutes
    Given no listener hears anything
    When "Mira" orders 1 "A" as "first"
    Then it is done
    When 300 seconds pass
    And all listeners hear again
    Then "first" is created and ends

  Scenario: 70 a handler fails for ten minutes
    Given the card service cannot be reached
    And "Mira" has a basket with 1 "A"
    When the card is asked for
    Then it is refused as unavailable
    When the card service can be reached
    And the card is authorised and the basket checked out as "first"
    Then "first" is approved
    Given the card service cannot be reached
    When "Mira" cancels "first"
    And 600 seconds pass
    And the card service can be reached
    And 600 seconds pass
    Then everything about "first" is undone

  Scenario: 72 two servers do everything once
    Given a second server on the same database
    When "Mira" orders 1 "A" at both servers, 5 times each
    Then each of them is approved
    And each of them was created once, with one list and one invoice

  Scenario: 74 PostgreSQL is killed
    When PostgreSQL is killed
    Then commands are answered with unavailable or done until it is back
    When "Mira" orders 1 "A" as "first"
    Then "first" is approved
    And the server was not started again

  Scenario: 75 one correlation from the kiosk to the text
    When "Mira" orders 1 "A" as "first"
    Then one text "received" about "first" is sent
    And the checkout and the text of "first" have one correlation
