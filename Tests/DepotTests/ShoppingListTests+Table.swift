extension ShoppingListTests {
    static let answers = """
        absent
            create → shoppingListCreated
            initiate → not_found: there is no such shopping list
            assign → not_found: there is no such shopping list
            assign to another → not_found: there is no such shopping list
            report 1, start → not_found: there is no such shopping list
            report 2, arrive → not_found: there is no such shopping list
            report 3, pick → not_found: there is no such shopping list
            report 3, unavailable → not_found: there is no such shopping list
            report 4, deliver → not_found: there is no such shopping list
            report 5, start → not_found: there is no such shopping list
            report of another → not_found: there is no such shopping list
            release → not_found: there is no such shopping list
            complete → not_found: there is no such shopping list
            put to bay → not_found: there is no such shopping list
            cancel → not_found: there is no such shopping list
            withdraw → -
            hand over → -
            clear returns → not_found: there is no such shopping list
            forestall → shoppingListForestalled
        pending
            create → conflict: the list exists already
            initiate → shoppingListInitiated
            assign → conflict: the list is not offered yet
            assign to another → conflict: the list is not offered yet
            report 1, start → conflict: no robot has the list
            report 2, arrive → conflict: no robot has the list
            report 3, pick → conflict: no robot has the list
            report 3, unavailable → conflict: no robot has the list
            report 4, deliver → conflict: no robot has the list
            report 5, start → conflict: no robot has the list
            report of another → conflict: no robot has the list
            release → conflict: no robot has the list
            complete → conflict: the list is not delivered yet
            put to bay → conflict: the list has no goods in a bay
            cancel → shoppingListCanceled
            withdraw → shoppingListCanceled
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        available
            create → conflict: the list exists already
            initiate → -
            assign → shoppingListAssigned
            assign to another → shoppingListAssigned
            report 1, start → conflict: no robot has the list
            report 2, arrive → conflict: no robot has the list
            report 3, pick → conflict: no robot has the list
            report 3, unavailable → conflict: no robot has the list
            report 4, deliver → conflict: no robot has the list
            report 5, start → conflict: no robot has the list
            report of another → conflict: no robot has the list
            release → conflict: no robot has the list
            complete → conflict: the list is not delivered yet
            put to bay → conflict: the list has no goods in a bay
            cancel → shoppingListCanceled
            withdraw → shoppingListCanceled
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        assigned
            create → conflict: the list exists already
            initiate → -
            assign → -
            assign to another → conflict: another robot has the list
            report 1, start → shoppingListStarted
            report 2, arrive → conflict: report 2 came, and report 1 is expected
            report 3, pick → conflict: report 3 came, and report 1 is expected
            report 3, unavailable → conflict: report 3 came, and report 1 is expected
            report 4, deliver → conflict: report 4 came, and report 1 is expected
            report 5, start → conflict: report 5 came, and report 1 is expected
            report of another → forbidden: another robot has the list
            release → shoppingListReleased
            complete → conflict: the list is not delivered yet
            put to bay → conflict: the list has no goods in a bay
            cancel → shoppingListCanceled
            withdraw → shoppingListCanceled
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        started
            create → conflict: the list exists already
            initiate → -
            assign → -
            assign to another → conflict: another robot has the list
            report 1, start → -
            report 2, arrive → shoppingListStopReached
            report 3, pick → conflict: report 3 came, and report 2 is expected
            report 3, unavailable → conflict: report 3 came, and report 2 is expected
            report 4, deliver → conflict: report 4 came, and report 2 is expected
            report 5, start → conflict: report 5 came, and report 2 is expected
            report of another → forbidden: another robot has the list
            release → shoppingListReleased
            complete → conflict: the list is not delivered yet
            put to bay → conflict: the list has no goods in a bay
            cancel → shoppingListCanceled
            withdraw → shoppingListCanceled
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        at the stop
            create → conflict: the list exists already
            initiate → -
            assign → -
            assign to another → conflict: another robot has the list
            report 1, start → -
            report 2, arrive → -
            report 3, pick → shoppingListItemPicked
            report 3, unavailable → shoppingListItemUnavailable
            report 4, deliver → conflict: report 4 came, and report 3 is expected
            report 5, start → conflict: report 5 came, and report 3 is expected
            report of another → forbidden: another robot has the list
            release → shoppingListReleased
            complete → conflict: the list is not delivered yet
            put to bay → conflict: the list has no goods in a bay
            cancel → shoppingListCanceled
            withdraw → shoppingListCanceled
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        all picked
            create → conflict: the list exists already
            initiate → -
            assign → -
            assign to another → conflict: another robot has the list
            report 1, start → -
            report 2, arrive → -
            report 3, pick → -
            report 3, unavailable → -
            report 4, deliver → shoppingListDelivered
            report 5, start → conflict: report 5 came, and report 4 is expected
            report of another → forbidden: another robot has the list
            release → shoppingListReleased
            complete → conflict: the list is not delivered yet
            put to bay → conflict: the list has no goods in a bay
            cancel → shoppingListCanceled
            withdraw → shoppingListCanceled
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        delivered
            create → conflict: the list exists already
            initiate → -
            assign → conflict: the list is delivered already
            assign to another → conflict: the list is delivered already
            report 1, start → -
            report 2, arrive → -
            report 3, pick → -
            report 3, unavailable → -
            report 4, deliver → -
            report 5, start → conflict: the list is delivered already
            report of another → forbidden: another robot has the list
            release → conflict: the list is delivered already
            complete → shoppingListCompleted
            put to bay → conflict: the list has no goods in a bay
            cancel → shoppingListCanceled
            withdraw → shoppingListCanceled
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        completed, in a bay
            create → conflict: the list exists already
            initiate → -
            assign → conflict: the list is completed already
            assign to another → conflict: the list is completed already
            report 1, start → -
            report 2, arrive → -
            report 3, pick → -
            report 3, unavailable → -
            report 4, deliver → -
            report 5, start → conflict: the list is delivered already
            report of another → forbidden: another robot has the list
            release → conflict: the list is completed already
            complete → conflict: the list is completed already
            put to bay → shoppingListPutToBay
            cancel → conflict: the list is completed already
            withdraw → shoppingListBayCleared
            hand over → shoppingListBayCleared
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        completed, without goods
            create → conflict: the list exists already
            initiate → -
            assign → conflict: the list is completed already
            assign to another → conflict: the list is completed already
            report 1, start → -
            report 2, arrive → -
            report 3, pick → -
            report 3, unavailable → -
            report 4, deliver → -
            report 5, start → conflict: the list is delivered already
            report of another → forbidden: another robot has the list
            release → conflict: the list is completed already
            complete → conflict: the list is completed already
            put to bay → conflict: the list has no goods in a bay
            cancel → conflict: the list is completed already
            withdraw → -
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        completed, on the shelf
            create → conflict: the list exists already
            initiate → -
            assign → conflict: the list is completed already
            assign to another → conflict: the list is completed already
            report 1, start → -
            report 2, arrive → -
            report 3, pick → -
            report 3, unavailable → -
            report 4, deliver → -
            report 5, start → conflict: the list is delivered already
            report of another → forbidden: another robot has the list
            release → conflict: the list is completed already
            complete → conflict: the list is completed already
            put to bay → conflict: the list has no goods in a bay
            cancel → -
            withdraw → -
            hand over → -
            clear returns → shoppingListReturned
            forestall → conflict: the list exists already
        completed, handed over
            create → conflict: the list exists already
            initiate → -
            assign → conflict: the list is completed already
            assign to another → conflict: the list is completed already
            report 1, start → -
            report 2, arrive → -
            report 3, pick → -
            report 3, unavailable → -
            report 4, deliver → -
            report 5, start → conflict: the list is delivered already
            report of another → forbidden: another robot has the list
            release → conflict: the list is completed already
            complete → conflict: the list is completed already
            put to bay → conflict: the list has no goods in a bay
            cancel → conflict: the list is completed already
            withdraw → -
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        canceled
            create → conflict: the list exists already
            initiate → conflict: the list was canceled
            assign → conflict: the list was canceled
            assign to another → conflict: the list was canceled
            report 1, start → conflict: the list was canceled
            report 2, arrive → conflict: the list was canceled
            report 3, pick → conflict: the list was canceled
            report 3, unavailable → conflict: the list was canceled
            report 4, deliver → conflict: the list was canceled
            report 5, start → conflict: the list was canceled
            report of another → conflict: the list was canceled
            release → conflict: the list was canceled
            complete → conflict: the list was canceled
            put to bay → conflict: the list has no goods in a bay
            cancel → -
            withdraw → -
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        canceled, on the shelf
            create → conflict: the list exists already
            initiate → conflict: the list was canceled
            assign → conflict: the list was canceled
            assign to another → conflict: the list was canceled
            report 1, start → conflict: the list was canceled
            report 2, arrive → conflict: the list was canceled
            report 3, pick → conflict: the list was canceled
            report 3, unavailable → conflict: the list was canceled
            report 4, deliver → conflict: the list was canceled
            report 5, start → conflict: the list was canceled
            report of another → conflict: the list was canceled
            release → conflict: the list was canceled
            complete → conflict: the list was canceled
            put to bay → conflict: the list has no goods in a bay
            cancel → -
            withdraw → -
            hand over → -
            clear returns → shoppingListReturned
            forestall → conflict: the list exists already
        canceled, taken back
            create → conflict: the list exists already
            initiate → conflict: the list was canceled
            assign → conflict: the list was canceled
            assign to another → conflict: the list was canceled
            report 1, start → conflict: the list was canceled
            report 2, arrive → conflict: the list was canceled
            report 3, pick → conflict: the list was canceled
            report 3, unavailable → conflict: the list was canceled
            report 4, deliver → conflict: the list was canceled
            report 5, start → conflict: the list was canceled
            report of another → conflict: the list was canceled
            release → conflict: the list was canceled
            complete → conflict: the list was canceled
            put to bay → conflict: the list has no goods in a bay
            cancel → -
            withdraw → -
            hand over → -
            clear returns → conflict: the list has no goods on the returns shelf
            forestall → conflict: the list exists already
        forestalled
            create → conflict: the order has ended: rain
            initiate → not_found: there is no such shopping list
            assign → not_found: there is no such shopping list
            assign to another → not_found: there is no such shopping list
            report 1, start → not_found: there is no such shopping list
            report 2, arrive → not_found: there is no such shopping list
            report 3, pick → not_found: there is no such shopping list
            report 3, unavailable → not_found: there is no such shopping list
            report 4, deliver → not_found: there is no such shopping list
            report 5, start → not_found: there is no such shopping list
            report of another → not_found: there is no such shopping list
            release → not_found: there is no such shopping list
            complete → not_found: there is no such shopping list
            put to bay → not_found: there is no such shopping list
            cancel → -
            withdraw → -
            hand over → -
            clear returns → not_found: there is no such shopping list
            forestall → -
        """
}
