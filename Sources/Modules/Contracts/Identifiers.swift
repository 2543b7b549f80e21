public import Kernel

/// The things of the mall that have an identifier.
public enum Noun {
    public enum Store {}
    public enum Product {}
    public enum Customer {}
    public enum Basket {}
    public enum Order {}
    public enum Payment {}
    public enum Invoice {}
    public enum ShoppingList {}
    public enum Bot {}
    public enum Notification {}
    public enum Shift {}
}

public typealias StoreID = ID<Noun.Store>
public typealias ProductID = ID<Noun.Product>
public typealias CustomerID = ID<Noun.Customer>
public typealias BasketID = ID<Noun.Basket>
/// An order has the identifier of its basket.
public typealias OrderID = ID<Noun.Order>
public typealias PaymentID = ID<Noun.Payment>
public typealias InvoiceID = ID<Noun.Invoice>
public typealias ListID = ID<Noun.ShoppingList>
public typealias BotID = ID<Noun.Bot>
public typealias NotificationID = ID<Noun.Notification>
/// A cashier's time at one drawer.
public typealias ShiftID = ID<Noun.Shift>
