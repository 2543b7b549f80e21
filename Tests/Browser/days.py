"""A day of the staff at work: a clerk, two cashiers and a customer, on the screens that are theirs.

A robot is played over HTTP. What one does the others see at once, whoever it was and whatever they have open. The steps
go on from those of the journey: there is a store, and a kiosk.
"""

import random
from functools import partial

from browser import Failed, desk, eventually
from mall import Refused, Robot, Staff

PRICE_MINOR = 1205
FLOAT_MINOR = 10_000
QUANTITY = 3
WITHIN = 5.0
PASSWORD = "a long word for a day"


def expect(what, true):
    if not true:
        raise Failed(f"expected: {what}")


class Wire:
    """The network of one browser, which can be cut: no call arrives, and the socket is gone.

    The shared worker's socket is out of a page's reach, so there is none.
    """

    def __init__(self, context):
        self.context, self.sockets, self.whole = context, [], True
        context.add_init_script("delete globalThis.SharedWorker")
        context.route_web_socket("**/admin/live", self._opened)

    def _opened(self, socket):
        if not self.whole:
            return socket.close()
        socket.connect_to_server()
        self.sockets.append(socket)

    def cut(self):
        self.whole = False
        self.context.set_offline(True)
        for socket in self.sockets:
            socket.close()
        self.sockets = []

    def mend(self):
        self.whole = True
        self.context.set_offline(False)


def sit_down(journey, name, roles, path):
    """Somebody with these roles, in a browser of their own."""
    user = f"{name}-{journey.mark}"
    journey.staff("PUT", f"/admin/api/staff/{user}",
                  {"name": name.capitalize(), "password": PASSWORD, "roles": roles, "stores": []})
    made = desk(journey.chromium, journey.base, name, journey.shots)
    made.user = user
    made.wire = Wire(made.context)
    # The first tab was there before its network could be cut.
    made.page.close()
    made.page = made.tab()
    journey.desks.append(made)
    made.open(path)
    made.log_in(user, PASSWORD)
    made.wait_until_live()
    return made


def pickup_code(journey, order):
    rows = journey.staff("GET", f"/admin/api/pickup?order={order}")["orders"]
    return rows[0]["pickupCode"] if rows else None


def order_some(journey):
    """A customer of their own orders; answers the order and its pickup code, once it is approved."""
    number = f"+4916{random.SystemRandom().randrange(10**8):08}"
    customer = journey.kiosk.register(f"Nora Weiss{journey.mark}", number)
    order = journey.kiosk.check_out(customer, [(journey.product, QUANTITY)])
    code = eventually("the order is approved and has a code", partial(pickup_code, journey, order))
    return order, code


def invoice_of(journey, order):
    """Its invoice, which follows the approval."""
    path = f"/admin/api/invoices?order={order}"
    return eventually("the order has an invoice", lambda: journey.staff("GET", path)["invoices"])[0]


def dialog_says(each, words):
    return words in each.page.inner_text("dialog[open]")


def press(each, label):
    each.page.locator("dialog[open]").get_by_role("button", name=label, exact=True).click()


def see(each, what):
    each.page.wait_for_selector(what, timeout=WITHIN * 1000)


def open_payment(each, order):
    """Finds the order at the desk, and begins to take what is due."""
    each.open(f"/pickup/{order}")
    see(each, "pickup-panel .panel-acts .button-primary")
    each.page.locator("pickup-panel .panel-acts .button-primary").click()
    see(each, "dialog .pay-amount")


def begin_the_day(journey):
    journey.robot = Robot.register(journey.staff, f"R-{journey.mark}")
    journey.clerk = sit_down(journey, "clara", ["depot_clerk"], "/depot")
    journey.cashier = sit_down(journey, "cora", ["cashier"], "/payments")
    journey.colleague = sit_down(journey, "cyrus", ["cashier"], "/pickup")
    for each, screens in ((journey.clerk, ["depot", "pickup"]), (journey.cashier, ["pickup", "payments", "customers"])):
        links = each.page.locator(".side-link[data-screen]:visible").all()
        shown = [link.get_attribute("data-screen") for link in links]
        expect(f"{each.name} is offered {screens}, not {shown}", shown == screens)


def open_a_shift(journey):
    page = journey.cashier.page
    page.get_by_role("button", name="Open shift").first.click()
    page.fill("dialog [name=floatMinor]", "100")
    press(journey.cashier, "Open shift")
    eventually("the shift is open", lambda: "Your shift since" in page.inner_text(".shift"), WITHIN)


def see_the_robot_bring_it(journey):
    """The clerk's board follows the robot from list to list section, without being asked."""
    journey.short_order, journey.short_code = order_some(journey)
    clerk = journey.clerk.page
    see(journey.clerk, f"[data-section=waiting] [data-order='{journey.short_order}']")
    journey.robot.fetch(journey.robot.find_work(journey.short_order))
    see(journey.clerk, f"[data-section=delivered] [data-order='{journey.short_order}']")
    expect("the robot says that nothing is missing",
           "missing" not in clerk.inner_text(f"[data-order='{journey.short_order}']"))
    journey.clerk.shoot("delivered")


def let_the_cashier_begin(journey):
    """The customer stands there and wants to pay before the goods are counted."""
    open_payment(journey.cashier, journey.short_order)
    expect("what is due is all of it", dialog_says(journey.cashier, "36.15"))


def check_in_a_short_delivery(journey):
    """The clerk counts one less than the robot said, and the clerk's count wins."""
    page = journey.clerk.page
    page.click(f"[data-order='{journey.short_order}'] [data-act=next]")
    field = page.locator("dialog .count-line input").first
    expect("the count begins with the robot's", field.input_value() == str(QUANTITY))
    field.fill(str(QUANTITY + 1))
    expect("more than was ordered can not be confirmed", page.locator("dialog [type=submit]").is_disabled())
    field.fill(str(QUANTITY - 1))
    expect("the shortage is said", dialog_says(journey.clerk, "1 unit missing on 1 line"))
    journey.clerk.shoot("counted")
    press(journey.clerk, "Confirm counts")
    page.wait_for_selector("dialog", state="detached")
    eventually("the list is no longer on the board",
               lambda: page.locator(f"[data-part=lists] [data-order='{journey.short_order}']").count() == 0, WITHIN)
    eventually("the server counts as the clerk did",
               lambda: invoice_of(journey, journey.short_order)["amountMinor"] == (QUANTITY - 1) * PRICE_MINOR)


def take_a_payment_whose_amount_just_changed(journey):
    """The open dialog says so, and takes nothing before the cashier has agreed to the new amount."""
    page = journey.cashier.page
    see(journey.cashier, "dialog .pay-changed:visible")
    expect("both amounts are named", all(dialog_says(journey.cashier, each) for each in ("36.15", "24.10")))
    expect("nothing can be taken at the old amount", page.locator("dialog [type=submit]").is_disabled())
    journey.cashier.shoot("changed")
    page.click("dialog [data-act=agree]")
    page.locator("dialog .pay-method", has_text="Cash").click()
    page.fill("dialog [name=given]", "50")
    expect("the change is worked out", dialog_says(journey.cashier, "25.90"))


def pay_although_the_network_is_cut(journey):
    """A call that may have arrived is made again under the same key: there is one payment, and the page says so."""
    cashier = journey.cashier
    cashier.wire.cut()
    press(cashier, "Take payment")
    eventually("the page admits that it is cut off", lambda: cashier.freshness() == "down", WITHIN)
    cashier.shoot("cut")
    cashier.wire.mend()
    eventually("the payment is taken, or can be tried again",
               lambda: cashier.page.locator("dialog").count() == 0
               or cashier.page.locator("dialog .form-error").is_visible(), 30)
    if cashier.page.locator("dialog").count():
        press(cashier, "Take payment")
    cashier.page.wait_for_selector("dialog", state="detached")
    cashier.wait_until_live()
    invoice = invoice_of(journey, journey.short_order)
    paid = (QUANTITY - 1) * PRICE_MINOR
    expect(f"it is paid once: {invoice}", (invoice["status"], invoice["paidMinor"]) == ("paid", paid))
    shifts = journey.staff("GET", "/admin/api/shifts?open=true")["shifts"]
    shift = next(each for each in shifts if each["cashier"] == cashier.user)
    expect(f"the drawer holds it once: {shift}", shift["expectedMinor"] == FLOAT_MINOR + paid)


def hand_over_to_the_customer(journey):
    """Found by the code alone, with the keyboard; handed over; gone from every desk."""
    page = journey.colleague.page
    page.keyboard.press("/")
    page.keyboard.type(journey.short_code.lower())
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/pickup/{journey.short_order}*")
    see(journey.colleague, "pickup-panel .checks li.is-met >> nth=1")
    journey.colleague.shoot("found")
    page.locator("pickup-panel").get_by_role("button", name="Hand over").click()
    eventually("the order has left the desk", lambda: page.locator(".pickup-row[data-key]").count() == 0, WITHIN)
    eventually("the order is completed", lambda: journey.staff.order(journey.short_order)["status"] == "completed")
    see(journey.cashier, "pickup-panel .empty")


def let_two_cashiers_take_one_payment(journey):
    """The second sees at once who was first, and can take nothing."""
    order, _ = order_some(journey)
    for each in (journey.cashier, journey.colleague):
        open_payment(each, order)
        each.page.locator("dialog .pay-method", has_text="Card on file").click()
    press(journey.cashier, "Take payment")
    journey.cashier.page.wait_for_selector("dialog", state="detached")
    eventually("the colleague is told", lambda: dialog_says(journey.colleague, "took this payment")
               or dialog_says(journey.colleague, "This is paid"), WITHIN)
    expect("the colleague can take nothing", journey.colleague.page.locator("dialog [type=submit]").is_disabled())
    journey.colleague.shoot("too-late")
    journey.colleague.page.keyboard.press("Escape")
    invoice = invoice_of(journey, order)
    expect(f"it is paid once: {invoice}", (invoice["status"], invoice["paidMinor"]) == ("paid", QUANTITY * PRICE_MINOR))
    expect("it can not be handed over before it is collected",
           journey.colleague.page.locator("pickup-panel").get_by_role("button", name="Hand over").is_disabled())


def refuse_a_clerk_who_takes_money(journey):
    """What a screen does not offer the server refuses, and the audit log names who tried."""
    order, _ = order_some(journey)
    invoice = invoice_of(journey, order)
    clerk = Staff(journey.base).log_in(journey.clerk.user, PASSWORD)
    status = None
    try:
        clerk("PUT", f"/admin/api/invoices/{invoice['id']}/pay",
              {"method": "card", "expectedAmountMinor": invoice["amountMinor"]})
    except Refused as refused:
        status = refused.status
    expect(f"a clerk's payment is forbidden, not {status}", status == 403)
    eventually("the audit log names the clerk", lambda: any(
        each["outcome"] == "forbidden"
        for each in journey.staff("GET", f"/admin/api/audit?actor={journey.clerk.user}")["audit"]))


def close_the_shift(journey):
    journey.cashier.open("/payments")
    journey.cashier.wait_until_live()
    page = journey.cashier.page
    page.get_by_role("button", name="Close shift").click()
    page.fill("dialog [name=countedMinor]", "123.10")
    press(journey.cashier, "Close shift")
    eventually("what is missing is said", lambda: "€1.00 missing" in page.inner_text("toast-list"), WITHIN)


def go_home(journey):
    for each in (journey.clerk, journey.cashier, journey.colleague):
        expect(f"no errors in the browser of {each.name}: {each.complaints}", not each.complaints)
        journey.desks.remove(each)
        each.context.close()


STEPS = [
    begin_the_day, open_a_shift, see_the_robot_bring_it, let_the_cashier_begin, check_in_a_short_delivery,
    take_a_payment_whose_amount_just_changed, pay_although_the_network_is_cut, hand_over_to_the_customer,
    let_two_cashiers_take_one_payment, refuse_a_clerk_who_takes_money, close_the_shift,
    go_home,
]
