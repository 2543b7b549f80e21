/// What people and stores are called.
enum Names {
    private static let first = [
        "Anna", "Ben", "Carla", "Deniz", "Emil", "Fatima", "Greta", "Hugo", "Ines", "Jonas", "Klara", "Luan", "Mira",
        "Noor", "Oskar", "Paula", "Rafael", "Selma", "Tariq", "Uta", "Viktor", "Wanda", "Yusuf", "Zoe",
    ]
    private static let last = [
        "Albrecht", "Bauer", "Celik", "Dietz", "Eriksen", "Fuchs", "Gruber", "Haas", "Ivanova", "Jansen", "Kowalski",
        "Lorenz", "Meyer", "Novak", "Ortega", "Petersen", "Quandt", "Rossi", "Schulz", "Tamm", "Unger", "Vogel",
        "Weiss",
    ]
    private static let trades = [
        "Books", "Coffee", "Shoes", "Lamps", "Toys", "Tea", "Paper", "Bread", "Wine", "Flowers", "Watches", "Music",
    ]
    private static let things = [
        "Basket", "Bottle", "Box", "Card", "Cloth", "Cup", "Jar", "Kit", "Pen", "Set", "Tin", "Tool",
    ]

    static func person(_ number: Int) -> String { "\(first[number % first.count]) \(last[number % last.count])" }

    static func store(_ number: UInt64) -> String {
        "\(last[Int(number % UInt64(last.count))]) \(trades[Int(number / 64 % UInt64(trades.count))])"
    }

    static func product(_ number: UInt64) -> String {
        "\(trades[Int(number % UInt64(trades.count))]) \(things[Int(number / 64 % UInt64(things.count))].lowercased())"
    }
}
