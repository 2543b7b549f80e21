"""What came of it."""

import json

from people import Unmet, eventually
from phrases import step

from making import last_basket, lines_of


def expect(what, truth):
    if not truth:
        raise Unmet(what)


def last_order(world):
    return list(world.orders)[-1]


# Answers

@step(r"it is done")
def _(context):
    context.world.reply.must_be_done()


@step(r"it is refused as (\w+(?: or \w+)*)")
def _(context, codes):
    refused(context.world.reply, codes.split(" or "))


def refused(reply, codes):
    expect(f"expected {' or '.join(codes)}: {reply}", reply.code in codes and not reply.is_done)
    expect(f"expected a message and a correlation: {reply}", reply.get("message") and reply.get("correlationId"))


@step(r'it is refused as conflict, (?:naming|saying) "([^"]*)"')
def _(context, text):
    refused(context.world.reply, ["conflict"])
    expect(f"expected {text} in {context.world.reply}", text in context.world.reply["message"])


@step(r"it is refused as conflict, with the change from (\d+) to (\d+)")
def _(context, old, new):
    refused(context.world.reply, ["conflict"])
    prices = {value for change in context.world.reply["priceChanges"] for value in change.values()}
    expect(f"{context.world.reply}", {int(old), int(new)} <= prices)


@step(r"each is refused as (\w+), and nothing was written")
def _(context, code):
    world = context.world
    for reply in world.replies:
        refused(reply, [code])
    # A basket that a price change reached writes by itself; a refusal begins no stream.
    streams = world.number("select count(*) from mall.streams where category not like 'admin.%'")
    expect(f"{streams - context.streams} streams were begun", streams == context.streams)


@step(r"each is refused as unauthenticated")
def _(context):
    for reply in context.world.replies:
        refused(reply, ["unauthenticated"])


@step(r"of each, one is done, the other refused as conflict")
def _(context):
    for name, answers in context.world.races.items():
        done = [reply for reply in answers if reply.is_done]
        expect(f"{name}: {[str(reply) for reply in answers]}", len(done) == 1)
        refused(next(reply for reply in answers if not reply.is_done), ["conflict", "stale"])


@step(r"one is done, the other refused as conflict")
def _(context):
    done = [reply for reply in context.world.replies if reply.is_done]
    others = [reply for reply in context.world.replies if not reply.is_done]
    expect(f"{[str(reply) for reply in context.world.replies]}", len(done) == 1 and len(others) == 1)
    refused(others[0], ["conflict", "stale"])


@step(r"both answers are the same")
def _(context):
    first, second = context.world.replies
    first.must_be_done()
    told = [{name: value for name, value in reply.body.items() if name != "correlationId"} for reply in (first, second)]
    expect(f"{first} and {second}", told[0] == told[1] and first.status == second.status)


@step(r'it is refused as forbidden, and audited for "([^"]*)"')
def _(context, name):
    world = context.world
    refused(world.reply, ["forbidden"])
    correlation = world.reply["correlationId"]

    def audited():
        rows = world.rows("/admin/api/audit", "audit", actor=world.staff[name].user)
        return [row for row in rows if row["id"] == correlation and row["outcome"] == "forbidden"]
    eventually("it is in the audit", audited)


# Stores

def mall_row(world, store, who=None):
    rows = (who or world.administrator).get("/admin/api/mall", store=world.stores[store]).must_be_done()["stores"]
    return rows[0] if rows else {}


@step(r'"([^"]*)" is in the mall, not participating')
def _(context, store):
    eventually("it is there", lambda: mall_row(context.world, store).get("participating") is False)


@step(r'"([^"]*)" is absent from the kiosk')
def _(context, store):
    world = context.world
    ids, more = [], {}
    while True:
        page = world.kiosk.get("/api/stores/participating", limit=100, **more).must_be_done()
        ids += [row["id"] for row in page["stores"]]
        if not page.get("next"):
            break
        more = {"next": page["next"]}
    expect("the kiosk shows it", world.stores[store] not in ids)


@step(r'the mall shows "([^"]*)" for "([^"]*)"')
def _(context, name, store):
    world = context.world
    eventually("the mall shows it", lambda: mall_row(world, store).get("name") == world.called(name))


@step(r'a basket with "([^"]*)" says that it comes from "([^"]*)"')
def _(context, product, name):
    world = context.world
    world.customer("Mira")

    def so():
        world.basket("new", "Mira")
        world.add("new", product, 1)
        items = world.kiosk.get(f"/api/baskets/{world.baskets['new']}").must_be_done()["items"]
        return items[0]["storeName"] == world.called(name)
    eventually("the basket says so", so)


@step(r'an order with "([^"]*)" comes from "([^"]*)", in the search and on the shopping list')
def _(context, product, name):
    world = context.world
    world.place("first", "Mira", [(product, 1)])
    world.awaited("first", "approved")
    stops = eventually("the list is there", lambda: world.list("first"))["stops"]
    expect(f"{stops}", stops[0]["storeName"] == world.called(name))
    row = eventually("it is found", lambda: [
        each for each in world.rows("/admin/api/orders", "orders", text=world.called(name)) if each["orderId"] == world.orders["first"]])
    expect(f"{row}", row)


@step(r'the catalogue of "([^"]*)" says (\d+) for "([^"]*)"')
def _(context, store, price, product):
    world = context.world

    def price_shown():
        rows = world.rows(f"/admin/api/stores/{world.stores[store]}/products", "products", limit=100)
        return [row for row in rows if row["productId"] == world.products[product] and row["priceMinor"] == int(price)]
    eventually("the catalogue says so", price_shown)


@step(r'a basket with "([^"]*)" says (\d+)')
def _(context, product, price):
    world = context.world
    world.customer("Mira")

    def so():
        world.basket("new", "Mira")
        world.add("new", product, 1)
        return world.kiosk.get(f"/api/baskets/{world.baskets['new']}").must_be_done()["totalMinor"] == int(price)
    eventually("the basket says so", so)


@step(r'one event raised "([^"]*)" by (\d+) to (\d+)')
def _(context, product, delta, price):
    world = context.world
    bodies = world.database(
        "select convert_from(body, 'UTF8') from mall.log join mall.streams using (stream_no) "
        f"where kind = 0 and type = 'stores.ProductPriceIncreased' and stream_id = '{world.products[product]}'").splitlines()
    expect(f"{bodies}", len(bodies) == 1)
    event = json.loads(bodies[0])
    expect(f"{event}", (event["deltaMinor"], event["priceMinor"]) == (int(delta), int(price)))


@step(r'the kiosk does not list "([^"]*)" of "([^"]*)"')
def _(context, product, store):
    world = context.world

    def absent():
        page = world.kiosk.get(f"/api/stores/{world.stores[store]}/products", limit=100).must_be_done()
        return world.products[product] not in [row["id"] for row in page["products"]]
    eventually("it is not listed", absent)


@step(r"no product is repeated, and none of the 53 is missing")
def _(context):
    expect("a product is repeated", len(context.seen) == len(set(context.seen)))
    expect(f"missing: {context.before - set(context.seen)}", context.before <= set(context.seen))


@step(r'"([^"]*)" sees "([^"]*)" (asking|not asking and not participating|participating and not asking)')
def _(context, manager, store, what):
    from watching import page_of
    world = context.world

    def seen():
        row = page_of(context).row(1, world.stores[store]) or {}
        is_asking = row.get("request") is not None
        return (is_asking, row.get("participating")) == {
            "asking": (True, False), "not asking and not participating": (False, False),
            "participating and not asking": (False, True)}[what]
    eventually(f"the page of the manager shows it {what}", seen)
    listed, shown = mall_row(world, store, world.staff[manager]), page_of(context).row(1, world.stores[store])
    expect(f"listed as {listed}, shown as {shown}", listed == shown)


# Customers

@step(r'she is enabled, with the number "([^"]*)"')
def _(context, number):
    from making import digits
    world = context.world
    row = world.kiosk.get(f"/api/customers/{world.reply['id']}").must_be_done()
    expect(f"{row}", row["enabled"] is True and row["smsNumber"] == digits(context, number))


@step(r'it is "([^"]*)", who was known')
def _(context, name):
    reply = context.world.reply
    expect(f"{reply}", reply.status == 200 and reply["id"] == context.world.customers[name])


# Baskets

@step(r'the basket is worth (\d+), with (?:the lines (.*)|no lines)')
def _(context, total, lines):
    world = context.world
    basket = world.kiosk.get(f"/api/baskets/{world.baskets[last_basket(world)]}").must_be_done()
    names = {identity: name for name, identity in world.products.items()}
    held = [(names[item["productId"]], item["quantity"]) for item in basket["items"]]
    wanted = lines_of(lines.replace(", ", " and ")) if lines else []
    expect(f"{basket}", held == wanted and basket["totalMinor"] == int(total))


@step(r"the basket is still open")
def _(context):
    world = context.world
    basket = world.kiosk.get(f"/api/baskets/{world.baskets[last_basket(world)]}").must_be_done()
    expect(f"{basket}", basket["status"] == "open")


@step(r"the basket is canceled as abandoned")
def _(context):
    world = context.world
    basket = world.baskets[last_basket(world)]
    eventually("it is canceled", lambda: world.kiosk.get(f"/api/baskets/{basket}").must_be_done()["status"] == "canceled")
    reason = world.database(
        "select convert_from(body, 'UTF8') from mall.log join mall.streams using (stream_no) "
        f"where type = 'basketsapi.BasketCanceled' and stream_id = '{basket}'")
    expect(reason, "abandoned" in reason)


@step(r"its authorisation is released")
def _(context):
    payment_is(context.world, context.world.payments[last_basket(context.world)], "paymentsapi.PaymentReleased")


def said_of(world, identity, name):
    return world.number(
        "select count(*) from mall.log join mall.streams using (stream_no) "
        f"where kind = 1 and type = '{name}' and stream_id = '{identity}'")


def payment_is(world, payment, said):
    eventually(f"{said} was said of payment {payment}", lambda: said_of(world, payment, said) == 1)


@step(r"every line that was answered with done is in the basket")
def _(context):
    world = context.world
    basket = world.kiosk.get(f"/api/baskets/{world.baskets[last_basket(world)]}").must_be_done()
    held = {item["productId"]: item["quantity"] for item in basket["items"]}
    wanted = {world.products[name]: count for name, count in context.added.items() if count}
    expect(f"{held}, not {wanted}", held == wanted)


# Orders and their making

@step(r'"([^"]*)" is (pending|approved|rejected|canceled|in-progress|ready|completed)')
def _(context, order, status):
    context.world.awaited(order, status)


@step(r'"([^"]*)" is worth (\d+)')
def _(context, order, total):
    eventually("it is worth that", lambda: context.world.order(order)["totalMinor"] == int(total))


@step(r"its list is available, its payment confirmed, its invoice pending over (\d+)")
def _(context, amount):
    world, order = context.world, last_order(context.world)
    eventually("the list is available", lambda: (row := world.list(order)) and row["status"] == "available")
    payment_is(world, world.payments[order], "paymentsapi.PaymentConfirmed")
    invoice_is(world, order, "pending", int(amount))


def invoice_is(world, order, status, amount=None):
    def so():
        invoice = world.invoice(order)
        if not invoice or invoice["status"] != status or amount not in (None, invoice["amountMinor"]):
            raise Unmet(f"{invoice}")
        return invoice
    return eventually(f"the invoice of {order} is {status}", so)


@step(r'the invoice of "([^"]*)" is (pending|paid|canceled)(?: over (\d+))?')
def _(context, order, status, amount):
    invoice_is(context.world, order, status, amount and int(amount))


@step(r'the invoice of "([^"]*)" is pending, with the refusal')
def _(context, order):
    world = context.world
    eventually("the refusal is known", lambda: (row := world.invoice(order)) and row["status"] == "pending" and row.get("lastRefusal"))


@step(r"its invoice is (pending|paid)")
def _(context, status):
    world, order = context.world, last_order(context.world)
    if status == "paid":
        world.pay_invoice(order).must_be_done()
        world.paid(order)
        eventually("the order knows", lambda: world.order(order)["paid"])
    else:
        invoice_is(world, order, "pending")


@step(r"it has no list, and its payment is released")
def _(context):
    world, order = context.world, last_order(context.world)
    payment_is(world, world.payments[order], "paymentsapi.PaymentReleased")
    expect(f"{world.list(order)}", not world.list(order))


@step(r"its list is canceled( or none)?(, and its payment released)?")
def _(context, or_none, released):
    world, order = context.world, last_order(context.world)
    if released:
        payment_is(world, world.payments[order], "paymentsapi.PaymentReleased")
    nothing = {"status": "canceled" if or_none else "none"}
    eventually("the list is canceled", lambda: (world.list(order) or nothing)["status"] == "canceled")


@step(r'the payment of "([^"]*)" was confirmed, and nothing else')
def _(context, order):
    world = context.world
    events = world.database(
        "select type from mall.log join mall.streams using (stream_no) where kind = 1 "
        f"and stream_id = '{world.payments[order]}' order by position").split()
    expect(f"{events}", events == ["paymentsapi.PaymentAuthorized", "paymentsapi.PaymentConfirmed"])


@step(r'the payment "([^"]*)" is untouched')
def _(context, name):
    world = context.world
    events = world.number(
        f"select count(*) from mall.log join mall.streams using (stream_no) where kind = 0 and stream_id = '{world.payments[name]}' "
        "and category = 'payments.Payment'")
    expect(f"{events} events", events == 1)


@step(r'its reason names "([^"]*)"')
def _(context, product):
    world = context.world
    expect(f"{world.order(last_order(world))}", world.called(product) in world.order(last_order(world))["rejectReason"])


@step(r'the saga of "([^"]*)" is (completed|compensated|stuck)(?:, with (a reason|the reason of the test))?')
def _(context, order, status, reason):
    world = context.world

    def so():
        saga = world.saga(order)
        if saga["status"] != status:
            raise Unmet(f"{saga}")
        return saga
    saga = eventually(f"the saga is {status}", so)
    if reason:
        expect(f"{saga}", "a test lets it be refused" in saga["lastError"] if "test" in reason else saga["lastError"])


@step(r'the saga of "([^"]*)" has asked the depot (\d+) times?, and waits')
def _(context, order, times):
    world = context.world

    def so():
        saga = world.saga(order)
        if (saga["status"], saga["step"], saga["attempts"]) != ("running", 2, int(times)):
            raise Unmet(f"{saga}")
        return True
    eventually("it has asked so often", so)


@step(r'"([^"]*)" was asked of the depot (\d+) times')
def _(context, order, times):
    asked = context.world.said("depotapi.CreateShoppingList", context.world.orders[order])
    expect(f"asked {asked} times", asked == int(times))


@step(r"it has exactly one list")
def _(context):
    world, order = context.world, last_order(context.world)
    expect("more than one list", count_of(world, "depotapi.ShoppingListCreated", order) == 1)


def count_of(world, message, order):
    """How often something was said about an order."""
    return world.number(
        f"select count(*) from mall.log where kind = 1 and type = '{message}' and "
        f"convert_from(body, 'UTF8')::jsonb ->> (case when type like 'ordersapi.%' then 'id' else 'orderId' end) = '{world.orders[order]}'")


@step(r'the payment of "([^"]*)" was never confirmed')
def _(context, order):
    expect("it was", count_of(context.world, "paymentsapi.PaymentConfirmed", order) == 0)


@step(r'"([^"]*)" is canceled because nothing was to be had')
def _(context, order):
    found = context.world.awaited(order, "canceled")
    said = context.world.database(
        "select convert_from(body, 'UTF8') from mall.log join mall.streams using (stream_no) where kind = 1 "
        f"and type = 'ordersapi.OrderCanceled' and stream_id = '{context.world.orders[order]}'")
    expect(f"{found} {said}", "nothing_available" in said)


@step(r'"([^"]*)" was never approved')
def _(context, order):
    expect("it was", count_of(context.world, "ordersapi.OrderApproved", order) == 0)


MAKING = (
    "ordersapi.OrderCreated", "ordersapi.OrderApproved", "depotapi.ShoppingListCreated", "depotapi.ShoppingListInitiated",
    "paymentsapi.PaymentConfirmed", "paymentsapi.InvoiceCreated", "cosecapi.SagaStarted", "cosecapi.SagaCompleted")
LIFE = MAKING + (
    "depotapi.ShoppingListAssigned", "depotapi.ShoppingListDelivered", "depotapi.ShoppingListCompleted",
    "depotapi.ShoppingListBayCleared", "paymentsapi.InvoicePaid", "ordersapi.OrderStarted", "ordersapi.OrderPaid",
    "ordersapi.OrderReadied", "ordersapi.OrderCompleted")


@step(r'everything about (the making of )?"([^"]*)" happened once')
def _(context, making, order):
    world = context.world

    def so():
        counts = {message: world.said(message, world.orders[order]) for message in (MAKING if making else LIFE)}
        if wrong := {message: count for message, count in counts.items() if count != 1}:
            raise Unmet(f"{wrong}")
        return True
    eventually("each happened once", so)
    texts_are(world, order, {"received"} if making else {"received", "ready", "completed"})


def texts_are(world, order, kinds):
    """Each was sent, once, and the service delivered no more."""
    eventually(f"the texts are {kinds}", lambda: {
        row["kind"] for row in world.texts(order) if row["status"] == "sent"} == kinds)
    expect(f"{world.texts(order)}", len(world.texts(order)) == len(kinds))
    expect("one was sent more than once", world.said("notificationsapi.NotificationSent", world.orders[order]) == len(kinds))
    ids = [row["id"] for row in world.texts(order)]
    delivered = [text["id"] for text in world.control.delivered() if text["id"] in ids]
    expect(f"delivered: {delivered}", len(delivered) == len(set(delivered)))


@step(r'the texts about "([^"]*)" are "(\w+)"(?: and "(\w+)")?, each sent once')
def _(context, order, first, second):
    texts_are(context.world, order, {first, second} - {None})


@step(r'the text "rejected" about "([^"]*)" says why')
def _(context, order):
    world = context.world
    reason = world.order(order)["rejectReason"]
    expect(f"{world.texts(order)}", reason and reason in world.texts(order, "rejected")[0]["text"])


@step(r'nothing has followed from "([^"]*)"')
def _(context, order):
    world = context.world
    count = world.said("ordersapi.OrderCreated", world.orders[order])
    expect(f"{count} orders", count == 0 and not world.texts(order) and not world.list(order))


@step(r'nothing more was written about "([^"]*)"')
def _(context, order):
    world = context.world
    count = world.written(world.orders[order])
    expect(f"{count - context.written[order]} rows more", count == context.written[order])


@step(r"every stream of the log is whole and in order")
def _(context):
    broken = context.world.database(
        "select stream_no from mall.log where kind = 0 group by stream_no "
        "having count(*) <> count(distinct version) or max(version) - min(version) + 1 <> count(*) "
        "union select stream_no from (select stream_no, "
        "version < lag(version) over (partition by stream_no order by position) as back "
        "from mall.log where kind = 0) each where back")
    expect(f"streams {broken}", not broken)


def once(world, order):
    eventually("the invoice is there", lambda: count_of(world, "paymentsapi.InvoiceCreated", order))
    for message in ("ordersapi.OrderCreated", "depotapi.ShoppingListCreated", "paymentsapi.InvoiceCreated"):
        expect(f"{message} was not said once", count_of(world, message, order) == 1)


@step(r"it was there, (?:and pending|pending( or approved))")
def _(context, or_approved):
    reply = context.world.reply.must_be_done()
    expect(f"{reply}", reply["status"] in (("pending", "approved") if or_approved else ("pending",)))


# Texts

@step(r'one text "(\w+)" about "([^"]*)" is sent(, with the pickup code)?')
def _(context, kind, order, code):
    world = context.world

    def sent():
        rows = world.texts(order, kind)
        if not rows or rows[0]["status"] != "sent":
            raise Unmet(f"{rows}")
        return rows
    rows = eventually("the text is sent", sent)
    expect(f"{rows}", len(rows) == 1 and (not code or world.codes[order] in rows[0]["text"]))
    # Sent again by a person counts as one that goes out for the first time.
    expect("it was sent more than once", count_of(world, "notificationsapi.NotificationSent", order) == len(
        [row for row in world.texts(order) if row["status"] == "sent"]))


@step(r'the text "(\w+)" about "([^"]*)" (?:went to the new number|names "([^"]*)")')
def _(context, kind, order, product):
    world = context.world
    row = eventually("the text is there", lambda: world.texts(order, kind))[0]
    if product:
        expect(f"{row}", world.called(product) in row["text"])
    else:
        expect(f"{row}", row["phone"] == world.phone("Mira"))


@step(r'the texts about "([^"]*)" are "(\w+)", "(\w+)" and "(\w+)"')
def _(context, order, *kinds):
    eventually("all are there", lambda: {row["kind"] for row in context.world.texts(order)} == set(kinds))


@step(r'the text "(\w+)" about "([^"]*)" waits, after (\d+) tr(?:y|ies)')
def _(context, kind, order, tries):
    def waits():
        rows = context.world.texts(order, kind)
        if [(row["status"], row["attempts"]) for row in rows] != [("queued", int(tries))] or not rows[0].get("lastError"):
            raise Unmet(f"{rows}")
        return True
    eventually("it waits", waits)


@step(r'the text "(\w+)" about "([^"]*)" is (suppressed|sent with try (\d+))')
def _(context, kind, order, what, tries):
    def so():
        rows = context.world.texts(order, kind)
        if [row["status"] for row in rows] != [what.split()[0]] or tries and rows[0]["attempts"] != int(tries):
            raise Unmet(f"{rows}")
        return True
    eventually("it is", so)


@step(r'the text service has delivered (\d+) texts? to "([^"]*)"')
def _(context, count, name):
    world = context.world
    world.settle()
    delivered = [text for text in world.control.delivered() if text["phone"] == world.phone(name)]
    expect(f"{delivered}", len(delivered) == int(count))


@step(r'no text about "([^"]*)" is sent')
def _(context, order):
    context.world.settle()
    expect(f"{context.world.texts(order)}", not context.world.texts(order))


# Money

@step(r'of "([^"]*)" (\d+) was received and (\d+) given back')
def _(context, order, received, returned):
    world = context.world
    eventually("it adds up", lambda: (row := world.invoice(order)) and (row["paidMinor"], row["refundedMinor"]) == (
        int(received), int(returned)))


@step(r'the money of "([^"]*)" is released or given back')
def _(context, order):
    nothing_is_kept(context.world, order)


@step(r"the money of each is released or given back")
def _(context):
    for order in context.world.orders:
        nothing_is_kept(context.world, order)


def nothing_is_kept(world, order):
    def so():
        invoice = world.invoice(order)
        if invoice and invoice["status"] == "refunded":
            return invoice["paidMinor"] == invoice["refundedMinor"] > 0
        if invoice and invoice["status"] != "canceled":
            raise Unmet(f"{invoice}")
        return said_of(world, world.payments[order], "paymentsapi.PaymentReleased") == 1
    eventually("nothing is kept", so)


@step(r'no invoice of "([^"]*)" is payable')
def _(context, order):
    world = context.world
    expect(f"{world.invoice(order)}", (world.invoice(order) or {}).get("status") not in ("pending", "capturing"))


@step(r'the invoice of "([^"]*)" can be read')
def _(context, order):
    world = context.world
    world.administrator.get(f"/admin/api/invoices/{world.invoice(order)['id']}").must_be_done()


@step(r"each is canceled")
def _(context):
    for order in context.world.orders:
        context.world.awaited(order, "canceled")


@step(r"of each there are either goods or a refund of (\d+), and never both")
def _(context, amount):
    world = context.world
    world.settle()
    for order, (handover, cancel) in world.races.items():
        status = world.order(order)["status"]
        expect(f"{order} is {status}: {handover}, {cancel}", status == ("completed" if handover.is_done else "canceled"))
        refunded = 0 if handover.is_done else int(amount)
        eventually(f"the money of {order} agrees", lambda: world.invoice(order)["refundedMinor"] == refunded)
        ends = [count_of(world, message, order) for message in ("ordersapi.OrderCompleted", "ordersapi.OrderCanceled")]
        expect(f"{order} has the ends {ends}", ends == [int(handover.is_done), int(cancel.is_done)])


@step(r'the card of "([^"]*)" was charged once')
def _(context, order):
    counts = [count_of(context.world, message, order) for message in ("paymentsapi.InvoiceCapturing", "paymentsapi.InvoicePaid")]
    expect(f"{counts}", counts == [1, 1])


@step(r'one event completed "([^"]*)"')
def _(context, order):
    expect("not one", count_of(context.world, "ordersapi.OrderCompleted", order) == 1)


@step(r'the bay of "([^"]*)" is free')
def _(context, order):
    eventually("it is free", lambda: not context.world.list(order).get("bay"))


@step(r'everything about "([^"]*)" is undone')
def _(context, order):
    world = context.world
    world.awaited(order, "canceled")
    eventually("the list is canceled", lambda: (world.list(order) or {"status": "canceled"})["status"] == "canceled")
    eventually("the invoice is canceled", lambda: (world.invoice(order) or {"status": "canceled"})["status"] == "canceled")
    payment_is(world, world.payments[order], "paymentsapi.PaymentReleased")


@step(r"its authorisation is released, once the card service answers")
def _(context):
    world = context.world
    world.control.services(card="approving")
    payment_is(world, world.payments[last_order(world)], "paymentsapi.PaymentReleased")


# The search

def placed_at(world, order):
    rows = eventually("it is listed", lambda: [
        row for row in world.rows("/admin/api/orders", "orders", limit=100) if row["orderId"] == world.orders[order]])
    return rows[0]["createdAt"]


@step(r"the search for (.*) finds (.*)")
def _(context, filters, orders):
    world, query = context.world, {}
    for part in filters.split(" and "):
        words = part.replace("the ", "").replace("a total", "total")
        if words.startswith("store"):
            query["store"] = world.stores[words.split('"')[1]]
        elif words.startswith("customer"):
            query["customer"] = world.customers[words.split('"')[1]]
        elif words.startswith("product"):
            query["product"] = world.products[words.split('"')[1]]
        elif words.startswith(("from", "to ")):
            query[words.split()[0]] = placed_at(world, words.split('"')[1])
        elif words.startswith("status"):
            query["status"] = words.split('"')[1]
        else:
            _, _, low, _, high = words.split()
            query["minTotalMinor"], query["maxTotalMinor"] = low, high
    wanted = [] if orders == "nothing" else [world.orders[name.strip('"')] for name in orders.split(", ")]

    def found():
        rows = [row["orderId"] for row in world.rows("/admin/api/orders", "orders", **query)]
        if rows != wanted:
            raise Unmet(f"found {rows}, expected {wanted}")
        return True
    eventually("the search finds them", found)


@step(r'the orders of "([^"]*)" are paged by 3 while others are placed')
def _(context, customer):
    from making import paged
    world = context.world
    world.settle()
    context.before = set(world.orders.values())
    context.seen = paged(
        world.administrator, "/admin/api/orders", "orders", "orderId", 3,
        lambda number: world.place(f"late {number}", customer, [("A", 1)]), customer=world.customers[customer])


@step(r"no order is repeated, and none of the first is missing")
def _(context):
    expect("an order is repeated", len(context.seen) == len(set(context.seen)))
    expect(f"missing: {context.before - set(context.seen)}", context.before <= set(context.seen))


@step(r'the search finds "([^"]*)" from "([^"]*)", and "([^"]*)" from "([^"]*)"')
def _(context, old, old_store, new, new_store):
    world = context.world
    for order, store in ((old, old_store), (new, new_store)):
        eventually(f"{order} is found", lambda: world.orders[order] in [
            row["orderId"] for row in world.rows("/admin/api/orders", "orders", text=world.called(store), limit=100)])
        items = world.order(order)["items"]
        expect(f"{items}", items[0]["storeName"] == world.called(store))


@step(r'the search shows "([^"]*)" as (\w+)')
def _(context, order, status):
    world = context.world
    eventually("it does", lambda: world.orders[order] in [
        row["orderId"] for row in world.rows("/admin/api/orders", "orders", status=status, limit=100)])


# Staff

@step(r'"([^"]*)" can read the (orders|invoices)( no more)?')
def _(context, name, what, no_more):
    person = context.world.staff[name]
    if no_more:
        eventually("it is refused", lambda: person.get(f"/admin/api/{what}").code == "forbidden")
    else:
        person.get(f"/admin/api/{what}").must_be_done()


@step(r"the audit names the administrator, done, and the correlation of it")
def _(context):
    world = context.world
    correlation = world.reply.must_be_done()["correlationId"]
    world.settle()
    rows, more = [], {}
    while True:
        page = world.administrator.get("/admin/api/audit", actor=world.server.user, limit=100, **more).must_be_done()
        rows += page["audit"]
        if not page.get("next"):
            break
        more = {"next": page["next"]}
    expect(f"{correlation} is not in the audit", [
        row for row in rows if row["id"] == correlation and row["outcome"] == "done"])


@step(r'everything that followed from the checkout of "([^"]*)" has its correlation, up to the text')
def _(context, order):
    world = context.world
    correlation, identity = world.reply["correlationId"], world.orders[order]
    others = world.database(
        "select type, correlation_id from mall.log join mall.streams using (stream_no) where kind = 1 "
        # What was before the checkout: the payment belongs to the order by its basket.
        "and type not like 'basketsapi.%' and type <> 'paymentsapi.PaymentAuthorized' "
        f"and (stream_id = '{identity}' or position('{identity}' in convert_from(body, 'UTF8')) > 0) "
        f"and correlation_id <> '{correlation}'")
    expect(f"of other correlations: {others}", not others)
    for message in ("ordersapi.OrderCreated", "depotapi.ShoppingListInitiated", "paymentsapi.InvoiceCreated",
                    "notificationsapi.NotificationSent"):
        found = world.number(
            f"select count(*) from mall.log where correlation_id = '{correlation}' and type = '{message}'")
        expect(f"{message} has it {found} times", found == 1)


@step(r"the server still serves")
def _(context):
    expect("it has ended", context.server.process.poll() is None)
    context.world.administrator.get("/readyz").must_be_done()


@step(r'the baskets know "([^"]*)" once')
def _(context, product):
    world = context.world
    eventually("they do", lambda: world.number(
        f"select count(*) from baskets.products_cache where id = '{world.products[product]}'") == 1)


@step(r'the kiosk shows "([^"]*)" as ([\w-]+)')
def _(context, order, status):
    world = context.world
    shown = world.kiosk.get(f"/api/ordering/{world.orders[order]}").must_be_done()
    expect(f"{shown}", shown["status"] == status)


@step(r"everything is heard")
def _(context):
    context.world.settle()


@step(r"every row of the log has an actor and a correlation, and what the kiosk did names it")
def _(context):
    world = context.world
    nobody = "actor = '' or correlation_id = '00000000-0000-0000-0000-000000000000'"
    rows = world.number(f"select count(*) from mall.log where {nobody}")
    expect(f"{rows} rows of nobody", rows == 0)
    actor = world.database(
        "select distinct actor from mall.log join mall.streams using (stream_no) where type = 'basketsapi.BasketCheckedOut' "
        f"and stream_id = '{world.orders['first']}'")
    expect(actor, actor == "kiosk:entrance")
