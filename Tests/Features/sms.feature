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
    Then the text "received" about "first" waits, after 1 try
    When 5 seconds pass
    Then the text "received" about "first" waits, after 2 tries
    When the text service can be reached
    And 30 seconds pass
    Then the text "received" about "first" is sent with try 3
    And the text service has delivered 1 text to "Mira"

  Scenario: 66 a text that always fails is shown to the administrator
    Given the text service cannot be reached
    And an administrator looks at the texts
    When "Mira" orders 1 "A" as "first"
    Then the text "received" about "first" waits, after 1 try
    When 5 seconds pass
    And 30 seconds pass
    And 120 seconds pass
    Then the text "received" about "first" waits, after 4 tries
    When 600 seconds pass
    Then the page shows the text "received" about "first" as failed, after 5 tries
    When the text service can be reached
    And staff send the text "received" about "first" again
    Then one text "received" about "first" is sent
    And the text service has delivered 1 text to "Mira"

  Scenario: 67 a listener that hears everything anew texts nobody again
    Given "Mira" has the completed order "first" of 1 "A"
    Then the texts about "first" are "received", "ready" and "completed"
    And the text service has delivered 3 texts to "Mira"
    When "notifications.reactions" begins at the start of the log
    Then the text service has delivered nothing

  Scenario: 67 a listener that hears of last week for the first time texts nobody
    Given the listener "notifications.reactions" hears nothing
    When "Mira" orders 1 "A" as "first"
    Then "first" is approved
    When 604800 seconds pass
    And all listeners hear again
    Then the text "received" about "first" is suppressed
    And the text service has delivered 0 texts to "Mira"
