Feature: What a live page promises

  Background:
    Given a store "Lamps"
    And "Lamps" sells "A" for 1000
    And a customer "Mira"

  Scenario: P1 what one command changed is shown together
    Given an administrator looks at the orders and the pickup desk, both at once
    When "Mira" has the completed order "first" of 1 "A"
    And "Mira" has the completed order "second" of 1 "A"
    Then no commit showed one without the other

  Scenario: P4 a transaction that somebody forgot keeps no page waiting
    Given an administrator looks at the mall
    And a transaction that writes stays open in the database
    When staff rename "Lamps" to "Lights"
    Then it is done
    And it shows what the mall is

  Scenario: P5 a page that hears nothing does not say that it is live
    Given an administrator looks at the mall
    And the projector stands still
    When staff rename "Lamps" to "Lights"
    Then it is done
    And the page does not say that it is live, and knows no new name
    When all listeners hear again
    Then the page is live again
    And it shows what the mall is
