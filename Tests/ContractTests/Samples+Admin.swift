import Contracts
import Kernel

extension Samples {
    static func admin() throws -> [Sample] {
        try [
            .said(
                CommandRefused(
                    action: "ordersapi.CancelOrder", subject: "00000000-0000-4000-8000-000000000001",
                    outcome: .forbidden, message: "this needs the role administrator")),
            .said(StaffPut(user: "anna", roles: ["store_manager"], stores: [ID(1)])),
            .said(StaffRemoved(user: "anna")),
            .said(KioskTokenMade(kiosk: "entrance")),
            .said(RobotTokenRenewed(botId: ID(21), botName: "Rosie")),
            .said(DeadLetterReplayed(consumer: "baskets.reactions", position: Position(7))),
            .said(DeadLetterDiscarded(consumer: "baskets.reactions", position: Position(7), reason: "of no use")),
            .said(RebuildAsked(projections: ["mall"])),
        ]
    }
}
