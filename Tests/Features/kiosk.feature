Feature: Kiosk

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And a customer "Mira"

  Scenario: 82 one key, one effect
    Given "Mira" has a basket with 1 "A"
    When 1 "A" is added twice under one key
    Then both answers are the same
    And the basket is worth 2000, with the lines 2 "A"

  Scenario: 83 an order is never unknown
    Given the listener "ordering.reactions" hears nothing
    When "Mira" orders 1 "A" as "first", and reads it at once
    Then it was there, and pending
    When all listeners hear again
    Then "first" is approved
    When "Mira" orders 1 "A" as "second", and reads it at once
    Then it was there, pending or approved
