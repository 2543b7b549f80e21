Feature: Robots

  Background:
    Given no list waits for a robot
    And a store "Lamps"
    And "Lamps" sells "A" for 1000
    And "Lamps" sells "B" for 500
    And a customer "Mira"

  Scenario: 35 a robot says hello
    Given a robot "R1"
    Then "R1" is idle on the fleet screen

  Scenario: 35 a page of the depot sees a robot come
    Given "Karl" is depot_clerk
    And "Karl" looks at the fleet
    And a robot "R1"
    Then the page shows "R1" as idle

  Scenario: 36 a list has one robot
    Given a robot "R1"
    And a robot "R2"
    And "Mira" has the approved order "first" of 1 "A"
    When "R1" and "R2" accept "first" at once
    Then one is done, the other refused as conflict

  Scenario: 37 the oldest list comes first, and a decliner is spared
    Given a robot "R1"
    And "Mira" has the approved order "first" of 1 "A"
    And "Mira" has the approved order "second" of 1 "A"
    And "Mira" has the approved order "third" of 1 "A"
    Then "R1" is offered "first"
    When "R1" declines "first"
    Then "R1" is offered "second"
    When "R1" declines "second"
    Then "R1" is offered "third"
    When 61 seconds pass
    Then "R1" is offered "first"
    Given a robot "R2"
    Then "R2" is offered "first"
    When "R2" accepts "first"
    Then "R1" is offered "second"

  Scenario: 38 progress is seen
    Given a robot "R1"
    And "Mira" has the approved order "first" of 2 "A" and 2 "B"
    And an administrator looks at the orders
    When "R1" accepts "first"
    Then "first" is in-progress
    And the kiosk shows "first" as in-progress
    And the page shows "first" as in-progress, at 0 percent
    When "R1" starts, and picks 2 "A" of "first"
    Then the list of "first" shows 2 picked of 4
    And the page shows "first" as in-progress, at 50 percent
    When "R1" finds 1 "B" of "first" missing
    Then the page shows "first" as in-progress, at 75 percent

  Scenario: 39 a report counts once
    Given a robot "R1"
    And "Mira" has the approved order "first" of 2 "A"
    And "R1" has started on "first"
    When "R1" reports 1 "A" of "first" as number 3
    Then it is done
    When "R1" reports 1 "A" of "first" as number 3
    Then it is done
    And the list of "first" shows 1 picked of 2
    When "R1" reports 2 "A" of "first" as number 4
    Then it is refused as invalid or conflict
    When "R1" reports 1 "A" of "first" as number 9
    Then it is refused as conflict
    When "R1" arrives nowhere on "first"
    Then it is refused as invalid or conflict or not_found

  Scenario: 40 a line is not there
    Given a robot "R1"
    And "Mona" is store_manager of "Lamps"
    And "Mira" has the approved order "first" of 2 "A"
    And "R1" has started on "first"
    And "Mona" looks at the order "first"
    When "R1" finds 1 "A" of "first" missing
    Then it is done
    And the list of "first" shows 1 missing of 2
    And the page shows that a line of "first" is not to be had
    When "R1" brings the rest of "first", which a clerk counts
    Then "first" is ready
    And the page shows that 1 "A" of "first" was taken off

  Scenario: 41 silent for a moment, and for long
    Given a robot "R1"
    And a robot "R2"
    And "Mira" has the approved order "first" of 2 "A"
    And "R1" has started on "first"
    And "Karl" is depot_clerk
    And "Karl" looks at the fleet
    When "R1" is silent for 16 seconds
    Then the page shows "R1" as suspect
    When "R1" beats
    Then the page shows "R1" as not suspect
    And "R1" is active on the fleet screen
    And the list of "first" is active
    When "R1" is silent for 46 seconds
    Then the list of "first" is available
    And "R1" is lost on the fleet screen
    When "R2" says hello
    And "R2" accepts "first"
    Then it is done
    And the list of "first" shows 0 picked of 2

  Scenario: 42 goods of a lost list come back
    Given a robot "R1"
    And "Mira" has the approved order "first" of 1 "A"
    And "R1" has started on "first"
    And "R1" picks 1 "A" of "first"
    When "R1" is silent for 46 seconds
    Then the list of "first" is available
    And the list of "first" shows 0 picked of 1
    When "R1" says hello with "first" in hand
    Then it is told to come back with "first"
    When "R1" has come back
    Then "R1" is idle on the fleet screen

  Scenario: 42 a list that failed three times is for a clerk
    Given a robot "R1"
    And "Mira" has the approved order "first" of 1 "A"
    And "Karl" is depot_clerk
    And "Karl" looks at the lists
    When "R1" takes "first" and gives it back, 3 times
    Then the list of "first" needs a clerk
    And the page shows that the list of "first" needs a clerk
    And "R1" is offered nothing
    When a clerk sends "R1" for "first"
    Then it is done

  Scenario: 43 the server is killed during errands
    Given 20 robots are on errands of "Mira" for 1 "A"
    When the server is killed and started again
    Then all of them finish
