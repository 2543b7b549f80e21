/// How much goes on in the simulated mall, and how often things take another course. Shares are in a thousand; times are
/// the mall's.
public struct Parameters: Sendable {
    public struct Prices: Sendable {
        public var median: Int64 = 1_290
        public var range: ClosedRange<Int64> = 100...49_900
        /// Of the logarithm.
        public var spread = 0.8
    }

    public var stores = 24
    public var products = 8...30
    public var prices = Prices()

    /// The pause between two customers, on average: 2.7 a minute.
    public var arrivals = Duration.milliseconds(22_222)
    public var knownNumber = 550
    public var storesPerBasket = 1...3
    public var lines = 1...6
    public var quantity = 1...4
    public var leavesSilently = 80
    public var cancelsBasket = 170
    public var cardRefused = 30
    public var tampers = 5
    public var disabled = 5
    public var cancelsPending = 10
    public var cancelsApproved = 20
    public var cancelsShopping = 10
    public var staffCancelsReady = 3
    public var paysOnArrival = 300
    public var cash = 150
    /// Seconds between "ready" and the customer's coming.
    public var collects = 120...1500
    public var neverCollects = 10

    public var robots = 14
    /// Seconds of a leg between two places.
    public var travel = 60...120
    public var timePerLine = 8...16
    public var lineShort = 20
    public var declines = 30
    /// The pause between two times that a robot is lost for longer than the mall waits, and between two short silences.
    public var lost = Duration.seconds(12_000)
    public var blip = Duration.seconds(600)

    public var clerks = 3
    public var clerkCheck = 20...60
    public var cashiers = 3
    public var service = 30...90
    public var priceChange = Duration.seconds(240)
    public var rebrand = Duration.seconds(1800)
    public var participationToggled = Duration.seconds(1200)
    public var staffPages = 10

    public init() {}

    /// More customers than the robots can serve.
    public mutating func overload() { arrivals = arrivals * 5 / 8 }

    /// How many customers come at this time of the mall's day, in a hundred of the mean. It opens at nine.
    static func crowd(at time: Duration) -> Int {
        switch (time.components.seconds / 3600 + 9) % 24 {
        case 9, 10: 60
        case 12, 17, 18: 115
        default: 100
        }
    }
}
