import Contracts
import Kernel

@testable import Baskets
@testable import Customers
@testable import Ordering
@testable import Stores

private let noon = Instant(microseconds: 1_795_262_400_123_456)
private let rye = Item(
    productId: ID(2), storeId: ID(1), storeName: "Bread & more", productName: "Rye", priceMinor: Money(minor: 1290),
    quantity: 3)
private let change = PriceChange(
    productId: ID(2), productName: "Rye", oldPriceMinor: Money(minor: 1190), newPriceMinor: Money(minor: 1290))
private let shortage = Shortage(productId: ID(2), storeId: ID(1), productName: "Rye", quantity: 1)
private let total = Money(minor: 3870)

/// One list a module: its events, what it says and accepts, and what it answers in JSON.
enum Samples {
    static func all() throws -> [Sample] {
        try stores() + customers() + baskets() + ordering() + payments() + admin() + depot() + cosec()
            + notifications()
    }

    static func stores() throws -> [Sample] {
        try Sample.stored(Store.self) { event in
            switch event {
            case nil: .storeCreated(name: "Bread & more", location: "A1/7")
            case .storeCreated: .storeRebranded(name: "Brot \"für\" alle")
            case .storeRebranded: .storeParticipationEnabled(participating: true)
            case .storeParticipationEnabled: .storeParticipationDisabled(participating: false)
            case .storeParticipationDisabled: .storeParticipationRequested(note: "please")
            case .storeParticipationRequested: .storeParticipationDenied(note: "")
            case .storeParticipationDenied: nil
            }
        }
            + Sample.stored(Product.self) { event in
                switch event {
                case nil:
                    .productAdded(
                        storeId: ID(1), name: "Rye", description: "dark\nand heavy", sku: "R-1",
                        priceMinor: Money(minor: 1290))
                case .productAdded: .productRebranded(name: "Wheat", description: "")
                case .productRebranded:
                    .productPriceIncreased(deltaMinor: Money(minor: 250), priceMinor: Money(minor: 1540))
                case .productPriceIncreased:
                    .productPriceDecreased(deltaMinor: Money(minor: -250), priceMinor: Money(minor: 1290))
                case .productPriceDecreased: .productRemoved
                case .productRemoved: nil
                }
            }
            + [
                .said(StoreCreated(id: ID(1), name: "Bread & more", location: "A1/7")),
                .said(StoreParticipatingToggled(id: ID(1), participating: true)),
                .said(StoreRebranded(id: ID(1), name: "Loaf")),
                .said(StoreParticipationRequested(id: ID(1), note: "please")),
                .said(StoreParticipationDenied(id: ID(1), note: "later")),
                .said(
                    ProductAdded(
                        id: ID(2), storeId: ID(1), name: "Rye", description: "dark", sku: "R-1",
                        priceMinor: Money(minor: 1290))),
                .said(ProductRebranded(id: ID(2), storeId: ID(1), name: "Wheat", description: "")),
                .said(
                    ProductPriceIncreased(
                        id: ID(2), storeId: ID(1), deltaMinor: Money(minor: 250), priceMinor: Money(minor: 1540))),
                .said(
                    ProductPriceDecreased(
                        id: ID(2), storeId: ID(1), deltaMinor: Money(minor: -250), priceMinor: Money(minor: 1290))),
                .said(ProductRemoved(id: ID(2), storeId: ID(1))),
                .said(CreateStore(name: "Bread & more", location: "A1/7")),
                .said(EnableParticipation(id: ID(1))),
                .said(DisableParticipation(id: ID(1))),
                .said(RebrandStore(id: ID(1), name: "Loaf")),
                .said(RequestParticipation(id: ID(1), note: "please")),
                .said(DenyParticipation(id: ID(1), note: "later")),
                .said(
                    AddProduct(id: ID(1), name: "Rye", description: "dark", sku: "R-1", priceMinor: Money(minor: 1290))),
                .said(RebrandProduct(id: ID(2), name: "Wheat", description: "light")),
                .said(IncreaseProductPrice(id: ID(2), priceMinor: Money(minor: 1540))),
                .said(DecreaseProductPrice(id: ID(2), priceMinor: Money(minor: 1290))),
                .said(RemoveProduct(id: ID(2))),
                .answered(
                    "storesapi.StoreDetails",
                    StoreDetails(id: ID(1), name: "Bread & more", location: "A1/7", participating: true, version: 2)),
                .answered(
                    "storesapi.ProductDetails",
                    ProductDetails(
                        id: ID(2), storeId: ID(1), name: "Rye", description: "dark", sku: "R-1",
                        priceMinor: Money(minor: 1290), removed: false, version: 1)),
            ]
    }

    static func customers() throws -> [Sample] {
        try Sample.stored(Customer.self) { event in
            switch event {
            case nil: .customerRegistered(name: "Ada Łovelace", smsNumber: "+491701234567")
            case .customerRegistered: .customerSmsChanged(smsNumber: "+491707654321")
            case .customerSmsChanged: .customerEnabled
            case .customerEnabled: .customerDisabled
            case .customerDisabled: .customerAuthorized
            case .customerAuthorized: nil
            }
        }
            + [
                .said(CustomerRegistered(id: ID(3), name: "Ada Łovelace", smsNumber: "+491701234567")),
                .said(CustomerSmsChanged(id: ID(3), smsNumber: "+491707654321")),
                .said(CustomerEnabled(id: ID(3))),
                .said(CustomerDisabled(id: ID(3))),
                .said(RegisterCustomer(name: "Ada Łovelace", smsNumber: "0170 1234567")),
                .said(ChangeSmsNumber(id: ID(3), smsNumber: "0170 7654321")),
                .said(EnableCustomer(id: ID(3))),
                .said(DisableCustomer(id: ID(3))),
                .said(AuthorizeCustomer(id: ID(3))),
                .answered("customersapi.RegisteredCustomer", RegisteredCustomer(id: ID(3), known: true)),
                .answered(
                    "customersapi.CustomerDetails",
                    CustomerDetails(
                        id: ID(3), name: "Ada Łovelace", smsNumber: "+491701234567", enabled: true, version: 1)),
            ]
    }

    static func baskets() throws -> [Sample] {
        try Sample.stored(Basket.self) { event in
            switch event {
            case nil:
                .basketStarted(
                    customerId: ID(3), customerName: "Ada Łovelace", abandonAfterSeconds: 600, openUntil: noon)
            case .basketStarted: .basketItemAdded(item: rye, openUntil: noon)
            case .basketItemAdded: .basketItemRemoved(productId: ID(2), quantity: 1, openUntil: noon)
            case .basketItemRemoved: .basketRepriced(priceChanges: [change], openUntil: noon)
            case .basketRepriced: .basketCanceled(reason: "abandoned")
            case .basketCanceled: .basketCheckedOut(paymentId: ID(5), totalMinor: total, pickupCode: "ABCDEF")
            case .basketCheckedOut: .basketPickupCodeReleased
            case .basketPickupCodeReleased: nil
            }
        }
            + [
                .said(BasketStarted(id: ID(4), customerId: ID(3), customerName: "Ada Łovelace")),
                .said(BasketCanceled(id: ID(4), customerId: ID(3), reason: "abandoned")),
                .said(
                    BasketCheckedOut(
                        id: ID(4), customerId: ID(3), customerName: "Ada Łovelace", paymentId: ID(5), items: [rye],
                        totalMinor: total, pickupCode: "ABCDEF")),
                .said(StartBasket(customerId: ID(3))),
                .said(AddItem(id: ID(4), productId: ID(2), quantity: 3)),
                .said(RemoveItem(id: ID(4), productId: ID(2), quantity: 1)),
                .said(CancelBasket(id: ID(4), reason: "too dear")),
                .said(CheckoutBasket(id: ID(4), paymentId: ID(5))),
                .answered(
                    "basketsapi.Checkout.checkedOut",
                    Checkout.checkedOut(orderId: ID(4), pickupCode: "ABCDEF", totalMinor: total)),
                .answered("basketsapi.Checkout.repriced", Checkout.repriced(priceChanges: [change], totalMinor: total)),
                .answered(
                    "basketsapi.BasketDetails",
                    BasketDetails(
                        id: ID(4), customerId: ID(3), customerName: "Ada Łovelace", status: .checkedOut, items: [rye],
                        totalMinor: total, paymentId: ID(5), pickupCode: "ABCDEF", cancelReason: "none",
                        priceChanges: [change], version: 3)),
            ]
    }

    static func ordering() throws -> [Sample] {
        try Sample.stored(Order.self) { event in
            switch event {
            case nil:
                .orderCreated(
                    customerId: ID(3), customerName: "Ada Łovelace", paymentId: ID(5), items: [rye], totalMinor: total,
                    pickupCode: "ABCDEF")
            case .orderCreated: .orderApproved(shoppingId: ID(7))
            case .orderApproved: .orderRejected(reason: "not enough authorised")
            case .orderRejected: .orderStartNoted(botId: ID(8))
            case .orderStartNoted: .orderStarted(botId: ID(8))
            case .orderStarted:
                .orderItemsAdjusted(removed: [shortage], items: [rye.counting(2)], totalMinor: Money(minor: 2580))
            case .orderItemsAdjusted: .orderReadied(totalMinor: Money(minor: 2580))
            case .orderReadied: .orderPickupAwaited(until: noon)
            case .orderPickupAwaited: .orderOverdue
            case .orderOverdue: .orderPaid(invoiceId: ID(6), amountMinor: Money(minor: 2580))
            case .orderPaid: .orderCompleted(invoiceId: ID(6))
            case .orderCompleted: .orderCanceled(reason: "rain", by: .staff)
            case .orderCanceled: nil
            }
        }
            + [
                .said(
                    OrderCreated(
                        id: ID(4), customerId: ID(3), customerName: "Ada Łovelace", paymentId: ID(5), shoppingId: ID(7),
                        items: [rye], totalMinor: total, pickupCode: "ABCDEF")),
                .said(
                    OrderApproved(
                        id: ID(4), customerId: ID(3), paymentId: ID(5), shoppingId: ID(7), totalMinor: total)),
                .said(
                    OrderRejected(
                        id: ID(4), customerId: ID(3), paymentId: ID(5), totalMinor: total,
                        reason: "not enough authorised")),
                .said(OrderStarted(id: ID(4), customerId: ID(3), botId: ID(8))),
                .said(
                    OrderItemsAdjusted(
                        id: ID(4), customerId: ID(3), removed: [shortage], items: [rye.counting(2)],
                        totalMinor: Money(minor: 2580))),
                .said(OrderReadied(id: ID(4), customerId: ID(3), paymentId: ID(5), totalMinor: total)),
                .said(OrderPaid(id: ID(4), customerId: ID(3), invoiceId: ID(6), amountMinor: total)),
                .said(OrderCompleted(id: ID(4), customerId: ID(3), invoiceId: ID(6))),
                .said(OrderCanceled(id: ID(4), customerId: ID(3), paymentId: ID(5), reason: "rain", by: .staff)),
                .said(OrderOverdue(id: ID(4), customerId: ID(3))),
                .said(CancelOrder(id: ID(4), reason: "rain")),
                .said(RejectOrder(id: ID(4), reason: "not enough authorised")),
                .said(ApproveOrder(id: ID(4), shoppingId: ID(7))),
                .said(CompleteOrder(id: ID(4))),
                .answered(
                    "ordersapi.OrderDetails",
                    OrderDetails(
                        id: ID(4), customerId: ID(3), customerName: "Ada Łovelace", paymentId: ID(5), shoppingId: ID(7),
                        invoiceId: ID(6), items: [rye], totalMinor: total, status: .inProgress, paid: true,
                        pickupCode: "ABCDEF", rejectReason: "none", cancelReason: "none", adjustments: [shortage],
                        timeline: [Moment(at: noon, event: "OrderCreated", actor: "kiosk:north", note: "none")],
                        version: 4)),
            ]
    }
}
