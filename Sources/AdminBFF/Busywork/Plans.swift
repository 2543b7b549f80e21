/// What a customer is going to do, decided before they do it: so it depends on the seed and not on the system's answers.
struct CustomerPlan: Equatable, Sendable {
    enum Ending: Equatable, Sendable { case leaves, cancels, checksOut }
    enum Card: Equatable, Sendable {
        case good, refused
        /// Adds to the basket after the card was authorised for less.
        case tooSmall
    }
    /// When they think better of it.
    enum Regret: Equatable, Sendable { case pending, approved, shopping }

    struct Line: Equatable, Sendable {
        /// A place among the stores of this visit, and a number that chooses among the store's products.
        let store: Int
        let product: Int
        let quantity: Int
    }

    let isKnown: Bool
    /// Chooses the person among the known, and the stores of the visit among those of the mall.
    let choice: Int
    let stores: [Int]
    let lines: [Line]
    let ending: Ending
    let card: Card
    let isDisabled: Bool
    let regret: Regret?
    let paysOnArrival: Bool
    let paysCash: Bool
    /// Nil if they never come back.
    let collectsAfter: Duration?
    let isCanceledWhenReady: Bool
    /// Rests between two things done at the kiosk.
    let pause: Duration

    init(_ parameters: Parameters, using generator: inout SmallGenerator) {
        isKnown = generator.happens(parameters.knownNumber)
        choice = Int.random(in: 0..<1_000_000, using: &generator)
        let count = Int.random(in: parameters.storesPerBasket, using: &generator)
        stores = (0..<count).map { _ in Int.random(in: 0..<1_000_000, using: &generator) }
        lines = (0..<Int.random(in: parameters.lines, using: &generator)).map { number in
            Line(
                // Each store of the visit is visited, as far as there are lines.
                store: number < count ? number : Int.random(in: 0..<count, using: &generator),
                product: Int.random(in: 0..<1_000_000, using: &generator),
                quantity: Int.random(in: parameters.quantity, using: &generator))
        }
        let end = Int.random(in: 0..<1000, using: &generator)
        ending =
            end < parameters.leavesSilently
            ? .leaves : end < parameters.leavesSilently + parameters.cancelsBasket ? .cancels : .checksOut
        let swipe = Int.random(in: 0..<1000, using: &generator)
        card =
            swipe < parameters.cardRefused
            ? .refused : swipe < parameters.cardRefused + parameters.tampers ? .tooSmall : .good
        isDisabled = generator.happens(parameters.disabled)
        let doubt = Int.random(in: 0..<1000, using: &generator)
        let (pending, approved) = (
            parameters.cancelsPending, parameters.cancelsPending + parameters.cancelsApproved
        )
        regret =
            doubt < pending
            ? .pending
            : doubt < approved ? .approved : doubt < approved + parameters.cancelsShopping ? .shopping : nil
        paysOnArrival = generator.happens(parameters.paysOnArrival)
        paysCash = generator.happens(parameters.cash)
        let wait = generator.duration(parameters.collects)
        collectsAfter = generator.happens(parameters.neverCollects) ? nil : wait
        isCanceledWhenReady = generator.happens(parameters.staffCancelsReady)
        pause = generator.duration(4...12)
    }
}

/// What happens to a robot on one list.
struct ErrandPlan: Equatable, Sendable {
    let declines: Bool
    /// Draws the course of the errand, which is as long as its list.
    private var generator: SmallGenerator
    private let parameters: Parameters

    init(_ parameters: Parameters, using generator: inout SmallGenerator) {
        declines = generator.happens(parameters.declines)
        self.generator = SmallGenerator(seed: generator.next())
        self.parameters = parameters
    }

    static func == (a: Self, b: Self) -> Bool {
        var (first, second) = (a.generator, b.generator)
        return a.declines == b.declines && first.next() == second.next()
    }

    mutating func leg() -> Duration { generator.duration(parameters.travel) }
    mutating func handling() -> Duration { generator.duration(parameters.timePerLine) }

    /// How many units of a line are not there.
    mutating func missing(of ordered: Int) -> Int {
        generator.happens(parameters.lineShort) ? Int.random(in: 1...ordered, using: &generator) : 0
    }
}
