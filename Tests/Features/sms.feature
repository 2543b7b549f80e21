Feature: Texts

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And a customer "Mira"

  Scenario: 65 the search and the texts hear every event
    Given "Mira" has the completed order "first" of 1 "A"
    Then the search shows "first" as completed
    And the texts about "first" are "received", "ready" and "completed"

  Scenario: 66 a text that fails twice is sent once
    Given the text service cannot be reached
    When "Mira" orders 1 "A" as "first"
    Then the text "received" about "first" waits for another try
    When the text service can be reached
    And 600 seconds pass
    Then one text "received" about "first" is sent

  Scenario: 66 a text that always fails is shown to the administrator
    Given the text service cannot be reached
    When "Mira" orders 1 "A" as "first"
    Then the text "received" about "first" fails while 1000 seconds pass again and again
    When the text service can be reached
    And staff send the text "received" about "first" again
    Then one text "received" about "first" is sent
