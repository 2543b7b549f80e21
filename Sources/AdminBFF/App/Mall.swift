import Baskets
import Contracts
import Cosec
import Customers
import Depot
import Kernel
import Notifications
import Ordering
import Payments
import Search
import Stores

/// All modules of the mall, joined by what they say and by nothing else.
func mallModules(
    _ settings: MallSettings = MallSettings(), card: CardService = CardService(), sms: SmsService = SmsService()
) -> [Module] {
    [
        stores, customers(diallingCode: settings.diallingCode), baskets(abandonAfter: settings.abandonAfter), ordering,
        depot, payments, cardDesk, notifications(currency: settings.currency), smsDesk, cosec, search, card.module,
        sms.module, admin,
    ]
}

/// What one mall is told apart from another by.
struct MallSettings: Sendable {
    /// ISO 4217. All amounts are in its minor unit.
    var currency = "EUR"
    /// What a phone number without a country's code begins with, without the `+`.
    var diallingCode = "49"
    var abandonAfter = Duration.seconds(600)
}
