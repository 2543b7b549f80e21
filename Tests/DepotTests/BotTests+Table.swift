extension BotTests {
    static let answers = """
        absent
            register → botRegistered
            greet → not_found: there is no such robot
            greet with the list → not_found: there is no such robot
            greet with another → not_found: there is no such robot
            activate → not_found: there is no such robot
            activate another → not_found: there is no such robot
            finish → not_found: there is no such robot
            finish another → not_found: there is no such robot
            recall → not_found: there is no such robot
            recall from the list → not_found: there is no such robot
            recall from another → not_found: there is no such robot
            leave → not_found: there is no such robot
            lose → not_found: there is no such robot
            come back → not_found: there is no such robot
            retire → not_found: there is no such robot
        offline
            register → conflict: the robot is registered already
            greet → botOnline, botIdled
            greet with the list → botOnline, botRecalled
            greet with another → botOnline, botRecalled
            activate → conflict: the robot is offline
            activate another → conflict: the robot is offline
            finish → -
            finish another → -
            recall → conflict: the robot has no list
            recall from the list → conflict: the robot has no list
            recall from another → conflict: the robot has no list
            leave → -
            lose → -
            come back → conflict: the robot is offline
            retire → botRetired
        idle
            register → conflict: the robot is registered already
            greet → -
            greet with the list → botRecalled
            greet with another → botRecalled
            activate → botActivated
            activate another → botActivated
            finish → -
            finish another → -
            recall → conflict: the robot has no list
            recall from the list → conflict: the robot has no list
            recall from another → conflict: the robot has no list
            leave → botOffline
            lose → botLost
            come back → -
            retire → botRetired
        active
            register → conflict: the robot is registered already
            greet → -
            greet with the list → -
            greet with another → -
            activate → -
            activate another → conflict: the robot has another list
            finish → botIdled
            finish another → -
            recall → botRecalled
            recall from the list → botRecalled
            recall from another → conflict: the robot has another list
            leave → botOffline
            lose → botLost
            come back → conflict: the robot has a list
            retire → conflict: the robot has a list
        recalled
            register → conflict: the robot is registered already
            greet → botIdled
            greet with the list → -
            greet with another → -
            activate → conflict: the robot is on its way back
            activate another → conflict: the robot is on its way back
            finish → -
            finish another → -
            recall → -
            recall from the list → -
            recall from another → -
            leave → botOffline
            lose → botLost
            come back → botIdled
            retire → botRetired
        lost
            register → conflict: the robot is registered already
            greet → botOnline, botIdled
            greet with the list → botOnline, botRecalled
            greet with another → botOnline, botRecalled
            activate → conflict: the robot is lost
            activate another → conflict: the robot is lost
            finish → -
            finish another → -
            recall → conflict: the robot has no list
            recall from the list → conflict: the robot has no list
            recall from another → conflict: the robot has no list
            leave → botOffline
            lose → -
            come back → botIdled
            retire → botRetired
        lost with a list
            register → conflict: the robot is registered already
            greet → botOnline, botIdled
            greet with the list → botOnline, botRecalled
            greet with another → botOnline, botRecalled
            activate → conflict: the robot is lost
            activate another → conflict: the robot is lost
            finish → -
            finish another → -
            recall → conflict: the robot has no list
            recall from the list → conflict: the robot has no list
            recall from another → conflict: the robot has no list
            leave → botOffline
            lose → -
            come back → botIdled
            retire → botRetired
        retired
            register → conflict: the robot is registered already
            greet → forbidden: the robot is out of service
            greet with the list → forbidden: the robot is out of service
            greet with another → forbidden: the robot is out of service
            activate → conflict: the robot is out of service
            activate another → conflict: the robot is out of service
            finish → -
            finish another → -
            recall → conflict: the robot is out of service
            recall from the list → conflict: the robot is out of service
            recall from another → conflict: the robot is out of service
            leave → conflict: the robot is out of service
            lose → -
            come back → conflict: the robot is out of service
            retire → conflict: the robot is out of service
        """
}
