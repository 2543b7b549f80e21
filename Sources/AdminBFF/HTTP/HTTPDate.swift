/// Dates as HTTP writes them, always in GMT and to the second. RFC 9110 §5.6.7.
public enum HTTPDate {
    private static let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longDays = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, from seconds since 1970.
    public static func text(_ second: Int) -> String { String(decoding: bytes(second), as: UTF8.self) }

    static func bytes(_ second: Int) -> [UInt8] {
        let day = (second >= 0 ? second : second - 86_399) / 86_400
        let rest = second - day * 86_400
        let date = Date(daysSince1970: day)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(29)
        func two(_ number: Int) {
            bytes.append(UInt8(ascii: "0") + UInt8(number / 10))
            bytes.append(UInt8(ascii: "0") + UInt8(number % 10))
        }
        // The first of January 1970 was a Thursday.
        bytes.append(contentsOf: days[((day + 3) % 7 + 7) % 7].utf8)
        bytes.append(literal: ", ")
        two(date.day)
        bytes.append(.space)
        bytes.append(contentsOf: months[date.month - 1].utf8)
        bytes.append(.space)
        two(date.year / 100)
        two(date.year % 100)
        bytes.append(.space)
        two(rest / 3600)
        bytes.append(UInt8(ascii: ":"))
        two(rest / 60 % 60)
        bytes.append(UInt8(ascii: ":"))
        two(rest % 60)
        bytes.append(literal: " GMT")
        return bytes
    }

    /// Seconds since 1970, from any of the three forms a recipient must accept. `now` tells the century of the second
    /// form, whose years have two digits: one that would lie more than 50 years ahead is of the past.
    public static func parse(_ text: String, now: Int = 0) -> Int? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        switch parts.count {
        case 6:  // Sun, 06 Nov 1994 08:49:37 GMT
            guard parts[0].last == ",", days.contains(String(parts[0].dropLast())), parts[5] == "GMT",
                parts[1].utf8.count == 2, parts[3].utf8.count == 4
            else { return nil }
            return second(parts[3], parts[2], parts[1], parts[4])
        case 4:  // Sunday, 06-Nov-94 08:49:37 GMT
            let date = parts[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            guard parts[0].last == ",", longDays.contains(String(parts[0].dropLast())), parts[3] == "GMT",
                date.count == 3,
                date[0].utf8.count == 2, date[2].utf8.count == 2, let short = number(date[2])
            else { return nil }
            let thisYear = Date(daysSince1970: now / 86_400).year
            let year = thisYear / 100 * 100 + short
            return second(String(year > thisYear + 50 ? year - 100 : year), date[1], date[0], parts[2])
        case 5:  // Sun Nov  6 08:49:37 1994
            guard days.contains(parts[0]), parts[4].utf8.count == 4 else { return nil }
            return second(parts[4], parts[1], parts[2], parts[3])
        default: return nil
        }
    }

    private static func second(_ year: String, _ month: String, _ day: String, _ time: String) -> Int? {
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let year = number(year), let month = months.firstIndex(of: month), let day = number(day),
            clock.count == 3,
            clock.allSatisfy({ $0.utf8.count == 2 }), let hour = number(clock[0]), let minute = number(clock[1]),
            let second = number(clock[2]), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        let days = Date(year: year, month: month + 1, day: day).daysSince1970
        // The thirtieth of February is no day: it would read back as another.
        guard Date(daysSince1970: days).month == month + 1 else { return nil }
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }

    /// Digits only, at most four: `Int.init` would take a sign.
    private static func number(_ text: String) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ $0.decimal != nil }) else { return nil }
        return Int(text)
    }

    /// A day of the Gregorian calendar, reckoned in eras of 400 years that begin in March.
    private struct Date {
        var year: Int
        var month: Int
        var day: Int

        init(year: Int, month: Int, day: Int) { (self.year, self.month, self.day) = (year, month, day) }

        init(daysSince1970 days: Int) {
            let shifted = days + 719_468
            let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
            let dayOfEra = shifted - era * 146_097
            let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
            let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
            let shiftedMonth = (5 * dayOfYear + 2) / 153
            day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
            month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
            year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        }

        var daysSince1970: Int {
            let shifted = month <= 2 ? year - 1 : year
            let era = (shifted >= 0 ? shifted : shifted - 399) / 400
            let yearOfEra = shifted - era * 400
            let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
            return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        }
    }
}
