import Contracts
import Kernel

@testable import Payments

private let noon = Instant(microseconds: 1_795_262_400_123_456)
private let total = Money(minor: 3870)
private let difference = Money(minor: 1290)

extension Samples {
    static func payments() throws -> [Sample] {
        try stored() + said()
    }

    private static func stored() throws -> [Sample] {
        try Sample.stored(Payment.self) { event in
            switch event {
            case nil:
                .paymentAuthorized(
                    customerId: ID(3), basketId: ID(4), amountMinor: total, authorisationCode: "OK-1", expiresAt: noon)
            case .paymentAuthorized: .paymentConfirmed(orderId: ID(4))
            case .paymentConfirmed: .paymentCaptured(orderId: ID(4), amountMinor: total)
            case .paymentCaptured: .paymentRefunded(amountMinor: difference)
            case .paymentRefunded: .paymentReleased(reason: .basketCanceled)
            case .paymentReleased: .paymentExpired
            case .paymentExpired: nil
            }
        }
            + Sample.stored(Cover.self) { event in
                switch event {
                case nil: .coverHeld(paymentId: ID(5))
                case .coverHeld: .coverClosed
                case .coverClosed: nil
                }
            }
            + Sample.stored(Invoice.self) { event in
                switch event {
                case nil:
                    .invoiceCreated(
                        orderId: ID(4), customerId: ID(3), paymentId: ID(5), amountMinor: total, authorizedMinor: total)
                case .invoiceCreated: .invoiceAdjusted(orderId: ID(4), amountMinor: Money(minor: 2580))
                case .invoiceAdjusted: .invoiceCapturing(method: .cardOnFile, amountMinor: total, capture: 1)
                case .invoiceCapturing: .invoiceCaptureRefused(reason: "the bank declined the card")
                case .invoiceCaptureRefused: .invoiceCancelNoted(reason: "rain")
                case .invoiceCancelNoted: .invoicePaid(method: .cash, amountMinor: total, shiftId: ID(9))
                case .invoicePaid: .invoiceRefunded(amountMinor: difference, reason: "rain")
                case .invoiceRefunded: .invoiceCanceled(orderId: ID(4))
                case .invoiceCanceled: nil
                }
            }
            + Sample.stored(Shift.self) { event in
                switch event {
                case nil: .shiftOpened(cashier: "staff:grace", floatMinor: Money(minor: 10_000))
                case .shiftOpened:
                    .shiftMoved(invoiceId: ID(6), amountMinor: total, expectedMinor: Money(minor: 13_870))
                case .shiftMoved:
                    .shiftClosed(expectedMinor: Money(minor: 13_870), countedMinor: Money(minor: 13_860))
                case .shiftClosed: nil
                }
            }
            + Sample.stored(CardCall.self) { event in
                switch event {
                case nil:
                    .cardCallPostponed(
                        wish: .capture(invoiceId: ID(6), capture: 1, paymentId: ID(5), amountMinor: total), asked: 1,
                        until: noon)
                case .cardCallPostponed: .cardCallDue
                case .cardCallDue: .cardCallEnded
                case .cardCallEnded: .cardCallGivenUp
                case .cardCallGivenUp: nil
                }
            }
    }

    private static func said() throws -> [Sample] {
        [
            try .said(PaymentAuthorized(id: ID(5), customerId: ID(3), basketId: ID(4), amountMinor: total)),
            try .said(PaymentConfirmed(id: ID(5), customerId: ID(3), orderId: ID(4), amountMinor: total)),
            try .said(PaymentCaptured(id: ID(5), customerId: ID(3), orderId: ID(4), amountMinor: total)),
            try .said(
                PaymentReleased(
                    id: ID(5), customerId: ID(3), basketId: ID(4), amountMinor: total, reason: .orderCanceled)),
            try .said(
                InvoiceCreated(
                    id: ID(6), orderId: ID(4), customerId: ID(3), paymentId: ID(5), amountMinor: total,
                    authorizedMinor: total)),
            try .said(InvoiceAdjusted(id: ID(6), orderId: ID(4), amountMinor: Money(minor: 2580))),
            try .said(InvoiceCapturing(id: ID(6), orderId: ID(4), method: .cardOnFile, amountMinor: total)),
            try .said(InvoiceCaptureRefused(id: ID(6), orderId: ID(4), reason: "the bank declined the card")),
            try .said(InvoicePaid(id: ID(6), orderId: ID(4), customerId: ID(3), amountMinor: total, method: .card)),
            try .said(InvoiceCanceled(id: ID(6), orderId: ID(4))),
            try .said(
                InvoiceRefunded(
                    id: ID(6), orderId: ID(4), amountMinor: difference, refundedMinor: total, method: .cash,
                    reason: "rain", isWhole: true)),
            try .said(ShiftOpened(id: ID(9), cashier: "staff:grace", floatMinor: Money(minor: 10_000))),
            try .said(
                ShiftMoved(
                    id: ID(9), invoiceId: ID(6), amountMinor: Money(minor: -1290), expectedMinor: Money(minor: 8_710))),
            try .said(
                ShiftClosed(
                    id: ID(9), cashier: "staff:grace", expectedMinor: Money(minor: 8_710),
                    countedMinor: Money(minor: 8_700))),
            try .said(
                CardCallDue(
                    id: ID(10),
                    wish: .refund(key: "key", paymentId: ID(5), amountMinor: difference))),
            try .said(AuthorizePayment(basketId: ID(4))),
            try .said(ConfirmPayment(id: ID(5), amountMinor: total, orderId: ID(4), customerId: ID(3))),
            try .said(ReleasePayment(id: ID(5), orderId: ID(4))),
            try .said(PayInvoice(id: ID(6), method: .cardOnFile, expectedAmountMinor: total)),
            try .said(RefundInvoice(id: ID(6), amountMinor: difference, reason: "bruised")),
            try .said(OpenShift(floatMinor: Money(minor: 10_000))),
            try .said(CloseShift(id: ID(9), countedMinor: Money(minor: 8_700))),
            try .answered("paymentsapi.OpenedShift", OpenedShift(id: ID(9))),
            try .answered(
                "paymentsapi.PaymentDetails",
                PaymentDetails(
                    id: ID(5), customerId: ID(3), basketId: ID(4), amountMinor: total, status: .authorized, version: 1)),
            try .answered(
                "paymentsapi.InvoiceDetails",
                InvoiceDetails(
                    id: ID(6), orderId: ID(4), customerId: ID(3), paymentId: ID(5), status: .paid, amountMinor: total,
                    authorizedMinor: total, paidMinor: total, refundedMinor: difference, method: .cardOnFile,
                    version: 3)),
        ]
    }
}
