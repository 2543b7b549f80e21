"""What goes wrong, and that it really did."""

import base64
import os
import signal
import threading

from people import Caller, Unmet, eventually
from phrases import step

from making import UNKNOWN, cancel_at_kiosk
from seeing import expect, last_order
from watching import page_of

# How long PostgreSQL may take to recover, once it can start.
SECONDS_TO_RECOVER = 60.0
# What a message that fails waits for, of the mall's time.
PAUSES = (1, 5, 30, 120)
UNDO_PAUSES = (1, 2, 4, 8, 16, 32, 60, 60, 60)


# Where messages are given to their listeners

def disturb(context, fault, listener=None, message=None, times=None):
    world = context.world
    world.control.disturb(fault, listener, message, times)
    context.undo.append(world.control.calm)


@step(r'"([^"]*)" comes late to "([^"]*)"')
def _(context, message, listener):
    disturb(context, "comesLate", listener, message)


@step(r'"([^"]*)" is refused by (the table )?"([^"]*)"(?: (\d+) times?)?')
def _(context, message, table, listener, times):
    disturb(context, "refuses", ("table." if table else "") + listener, message, times and int(times))


@step(r'"([^"]*)" stands still when it has heard "([^"]*)"')
def _(context, listener, message):
    disturb(context, "stalls", listener, message)


@step(r'"([^"]*)" fails before "([^"]*)" does anything')
def _(context, message, listener):
    disturb(context, "failsBefore", listener, message)


@step(r"everything comes (twice|again later)")
def _(context, how):
    disturb(context, "comesTwice" if how == "twice" else "comesAgain")


@step(r'what "([^"]*)" hears comes again later')
def _(context, listener):
    disturb(context, "comesAgain", listener)


WHERE = {
    "before it has done anything": "failsBefore", "when it has decided": "failsWithin",
    "when its effect is written": "failsAfter"}


@step(r'"([^"]*)" fails (before it has done anything|when it has decided|when its effect is written)( in the table)?')
def _(context, message, where, table):
    listener = "table.baskets.products_cache" if table else "depot.commands"
    disturb(context, WHERE[where], listener, message)


@step(r"that happens (\d+) times?( or more)?")
def _(context, count, or_more):
    world = context.world

    def struck():
        rule = world.control.disturbances()[-1]
        found = rule.get("struck") or 0
        if found < int(count) or found > int(count) and not or_more:
            raise Unmet(f"{rule}")
        return rule
    rule = eventually("it happens", struck)
    if rule["fault"] == "stalls":
        stands_still(world, rule)


def stands_still(world, rule):
    """What was heard has had its effect, and where the listener stands is not written yet."""
    heard = (
        f"select heard.position from mall.log heard where type = '{rule['message']}' and kind = 1 and exists "
        "(select from mall.log effect where effect.causation_id = heard.id) order by position desc limit 1")
    eventually("the effect is written, and not marked", lambda: world.number(
        f"select coalesce(({heard}), 0) - position from mall.checkpoints where consumer = '{rule['listener']}'") > 0)


@step(r"both happen")
def _(context):
    eventually("both happen", lambda: all(rule.get("struck") for rule in context.world.control.disturbances()))


@step(r"the disturbance is over")
def _(context):
    world = context.world
    world.settle()
    context.written = {name: world.written(order) for name, order in world.orders.items()}
    world.control.calm()


@step(r'"([^"]*)" begins at the start of the log')
def _(context, listener):
    """As a listener does that was never there before."""
    world = context.world
    world.settle()
    context.server.kill()
    world.database(f"delete from mall.checkpoints where consumer = '{listener}'")
    context.server.start()
    eventually("it is there again", lambda: world.number(
        f"select count(*) from mall.checkpoints where consumer = '{listener}'"))
    world.settle()


@step(r"the text service has delivered nothing")
def _(context):
    delivered = context.world.control.delivered()
    expect(f"{delivered}", delivered == [])


# What has failed

def parked(world, listener, subject):
    """The parked messages of a thing, oldest first: how often each was tried, and for how long the next try waits."""
    lines = world.database(
        "select p.attempts, round(extract(epoch from p.next_at - p.first_at)), l.type "
        "from mall.parked p join mall.log l using (position) "
        f"where p.consumer = '{listener}' and position('{subject}' in convert_from(l.body, 'UTF8')) > 0 "
        "order by position").splitlines()
    return [(int(tries), int(wait), kind) for tries, wait, kind in (line.split("|") for line in lines)]


@step(r'"([^"]*)" cancels the approved "([^"]*)"')
def _(context, customer, order):
    world = context.world
    world.awaited(order, "approved")
    cancel_at_kiosk(world, customer, order).must_be_done()


@step(r'what "([^"]*)" was told of "([^"]*)" is parked, and tried again after 1, 5, 30 and 120 seconds')
def _(context, listener, order):
    world = context.world
    for tries, wait in enumerate(PAUSES, 1):
        def failed():
            found = parked(world, listener, world.orders[order])
            if not found or found[0][0] != tries:
                raise Unmet(f"{found}")
            return found
        eventually(f"it was tried {tries} times", failed)
        world.let_pass(wait)
    eventually("it was tried 5 times", lambda: parked(world, listener, world.orders[order])[0][0] == len(PAUSES) + 1)


@step(r'the cancellation of "([^"]*)" waits behind it')
def _(context, order):
    found = parked(context.world, "payments.reactions", context.world.orders[order])
    expect(f"{found}", [(kind, tries) for tries, _, kind in found] == [
        ("ordersapi.OrderApproved", len(PAUSES) + 1), ("ordersapi.OrderCanceled", 0)])


@step(r"nothing is parked")
def _(context):
    eventually("nothing is parked", lambda: context.world.number("select count(*) from mall.parked") == 0)


@step(r"they are parked, and have left (nothing|the effect of a handler only)")
def _(context, what):
    world = context.world
    order, product = world.orders[last_order(world)], list(world.products.values())[-1]
    eventually("the handler's message is parked", lambda: parked(world, "depot.commands", order))
    eventually("the table's message is parked", lambda: parked(world, "table.baskets.products_cache", product))
    lists = world.said("depotapi.ShoppingListCreated", order)
    rows = world.number(f"select count(*) from baskets.products_cache where id = '{product}'")
    expect(f"{lists} lists, {rows} rows", (lists, rows) == (0 if what == "nothing" else 1, 0))


def letters(world):
    rows = world.administrator.get("/admin/api/ops").must_be_done()["ops"]
    return [row for row in rows if row["kind"] == "deadLetter"]


@step(r"there is no dead letter")
def _(context):
    eventually("there is none", lambda: not letters(context.world))


@step(r'there is a dead letter of "([^"]*)" about "([^"]*)"')
def _(context, listener, name):
    world = context.world
    about = {**world.orders, **world.customers}[name]
    context.letter = eventually("it is there", lambda: [
        row for row in letters(world) if row["consumer"] == listener and about in row["stream"]])[0]


@step(r"staff replay the dead letter")
def _(context):
    letter = context.letter
    context.world.administrator.post(
        f"/admin/api/ops/dead-letters/{letter['consumer']}/{letter['position']}/replay").must_be_done()


@step(r"the dead letter has been heard")
def _(context):
    letter, world = context.letter, context.world
    eventually("it was heard", lambda: letter["id"] not in [row["id"] for row in letters(world)] and not world.number(
        f"select count(*) from mall.parked where consumer = '{letter['consumer']}' and position = {letter['position']}"))


@step(r'the creation of "([^"]*)" (becomes unreadable|is mended)')
def _(context, order, what):
    world = context.world
    row = (
        "type = 'ordersapi.OrderCreated' and kind = 1 and stream_no = "
        f"(select stream_no from mall.streams where category = 'ordering.Order' and stream_id = '{world.orders[order]}')")
    if what == "is mended":
        body = base64.b64encode(context.body).decode()
        world.database(f"update mall.log set body = decode('{body}', 'base64') where {row}")
    else:
        world.settle()
        context.body = base64.b64decode(world.database(f"select encode(body, 'base64') from mall.log where {row}"))
        world.database(f"update mall.log set body = '{{' where {row}")
        context.undo.append(lambda: world.database(
            f"update mall.log set body = decode('{base64.b64encode(context.body).decode()}', 'base64') where {row}"))


@step(r'the page shows a dead letter of "([^"]*)" about "([^"]*)"')
def _(context, listener, order):
    world = context.world
    page = page_of(context)
    # The server was started again meanwhile, and the page has come back.
    page.disconnect()
    page.connect()

    def shown():
        return [
            row for row in page.rows(2).values()
            if row["kind"] == "deadLetter" and row["consumer"] == listener and world.orders[order] in row["stream"]]
    context.letter = eventually("it is shown", shown)[0]


# The saga

@step(r"the undo is refused, and asked for again after 1, 2, 4, 8, 16, 32, 60, 60 and 60 seconds")
def _(context):
    world = context.world

    def struck():
        return world.control.disturbances()[-1].get("struck") or 0
    for number, wait in enumerate(UNDO_PAUSES, 1):
        eventually(f"it is refused {number} times", lambda: struck() == number)
        eventually("the saga rests", lambda: world.number(
            f"select count(*) from mall.timers where stream_id = '{world.orders[last_order(world)]}' and name = 'rest'"))
        if wait > 2:
            world.let_pass(wait - 2)
            expect(f"it did not rest for {wait} s", struck() == number)
            world.let_pass(2)
        else:
            world.let_pass(wait)
    eventually("it is refused a last time", lambda: struck() == len(UNDO_PAUSES) + 1)


@step(r'staff retry the saga of "([^"]*)"')
def _(context, order):
    context.world.administrator.post(f"/admin/api/sagas/{context.world.orders[order]}/retry").must_be_done()


@step(r'a cashier takes the payment of "([^"]*)", if there is an invoice')
def _(context, order):
    world = context.world
    invoice = world.invoice(order)
    world.reply = world.administrator.put(
        f"/admin/api/invoices/{invoice['id'] if invoice else UNKNOWN}/pay",
        {"method": "card_on_file", "expectedAmountMinor": 1_000})


# PostgreSQL

@step(r"PostgreSQL is killed and cannot start")
def _(context):
    server = context.server
    context.process = server.process.pid
    version = server.data / "data" / "PG_VERSION"
    hidden = version.with_name("PG_VERSION.hidden")
    version.rename(hidden)

    def mend():
        if hidden.exists():
            hidden.rename(version)
    context.mend = mend
    context.undo.append(mend)
    os.kill(server.postgres(), signal.SIGKILL)


@step(r"PostgreSQL can start")
def _(context):
    context.mend()


@step(r"every command and every list is answered with unavailable")
def _(context):
    world = context.world
    asked = [
        lambda: world.kiosk.post("/api/customers", {"name": "Mira", "smsNumber": world.phone("Mira")}),
        lambda: world.kiosk.post("/api/baskets", {"customerId": world.customers["Mira"]}),
        lambda: world.administrator.post("/admin/api/stores", {"name": "Later", "location": "Level 1"}),
        lambda: world.administrator.get("/admin/api/orders"), lambda: world.administrator.get("/admin/api/invoices")]
    # What was under way when it ended may end in its own way; then there is nothing else.
    eventually("it is noticed", lambda: asked[0]().status == 503)
    for ask in asked * 2:
        reply = ask()
        expect(f"{reply}", (reply.status, reply.code) == (503, "unavailable"))


@step(r"the server says that it is (not )?ready")
def _(context, not_ready):
    eventually("it says so", lambda: context.world.administrator.get("/readyz").status == (503 if not_ready else 200),
               SECONDS_TO_RECOVER)


# Two servers

@step(r'"([^"]*)" orders 1 "([^"]*)" at both servers, (\d+) times more each, and the first is killed meanwhile')
def _(context, customer, product, times):
    world, second = context.world, context.second
    product_id, known, lock = world.products[product], dict(world.orders), threading.Lock()
    started = threading.Event()

    def shop(server, place):
        kiosk = Caller(server, server.token)
        for number in range(int(times)):
            made = place_at(kiosk, world.customers[customer], product_id)
            started.set()
            if made is None:
                if server is second:
                    raise Unmet("the second server did not take an order")
                return
            with lock:
                world.orders[f"later {number} at {place}"] = made
    threads = [threading.Thread(target=shop, args=each) for each in ((context.server, 0), (second, 1))]
    for thread in threads:
        thread.start()
    started.wait(10)
    context.server.kill()
    for thread in threads:
        thread.join()
    context.undo.append(context.server.start)
    later = [name for name in world.orders if name not in known]
    expect(f"{later}", len([name for name in later if name.endswith("at 1")]) == int(times))


def place_at(kiosk, customer, product):
    """An order's id; None where the server went away."""
    basket = kiosk.post("/api/baskets", {"customerId": customer})
    if not basket.is_done:
        return None
    path = f"/api/baskets/{basket['id']}"
    if not kiosk.put(f"{path}/addItem", {"productId": product, "quantity": 1}).is_done:
        return None
    payment = kiosk.post("/api/payments", {"basketId": basket["id"]})
    if not payment.is_done:
        return None
    checkout = kiosk.put(f"{path}/checkout", {"paymentId": payment["id"]})
    return checkout["orderId"] if checkout.is_done else None


@step(r"each of them is approved at the second")
def _(context):
    world, second = context.world, context.second
    staff = Caller(second, user=second.user, password=second.password)
    staff.log_in().must_be_done()
    for order in world.orders.values():
        eventually("it is approved", lambda: staff.get(f"/admin/api/orders/{order}").must_be_done()["status"] == "approved")
