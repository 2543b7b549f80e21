"""What robots, clerks and cashiers do, and what breaks."""

import threading
import uuid

from people import Caller, Unmet, eventually
from phrases import step

from making import UNKNOWN, at_once, hand_over_when_paid
from seeing import expect, last_order, once


# Robots

@step(r"no list waits for a robot")
def _(context):
    world = context.world
    for row in world.rows("/admin/api/lists", "lists", status="available", limit=100):
        world.administrator.post(f"/admin/api/orders/{row['orderId']}/cancel", {"reason": "nobody waits for it"})
    eventually("no list waits", lambda: not world.rows("/admin/api/lists", "lists", status="available"))


@step(r'a robot "([^"]*)"')
def _(context, name):
    context.world.robot(name)


@step(r'"([^"]*)" is (\w+) on the fleet screen')
def _(context, robot, status):
    world = context.world

    def seen():
        bot = world.administrator.get(f"/admin/api/bots/{world.robot_ids[robot]}").must_be_done()
        shown = [row for row in world.rows("/admin/api/bots", "bots", limit=100, status=status) if row["id"] == bot["id"]]
        if bot["status"] != status or not shown:
            raise Unmet(f"{bot}")
        return True
    eventually("the fleet screen shows it", seen)


@step(r'"([^"]*)" and "([^"]*)" accept "([^"]*)" at once')
def _(context, first, second, order):
    world = context.world
    eventually("the list is available", lambda: world.list(order)["status"] == "available")
    world.replies = at_once(lambda: world.accept(first, order), lambda: world.accept(second, order))


@step(r'"([^"]*)" accepts "([^"]*)"')
def _(context, robot, order):
    context.world.reply = context.world.accept(robot, order)


def offered(world, robot):
    answer = world.robots[robot].post("/robots/api/work", {"declined": []}).must_be_done()
    return answer.get("list")


@step(r'"([^"]*)" is offered "([^"]*)"')
def _(context, robot, order):
    world = context.world
    eventually("it is offered", lambda: (found := offered(world, robot)) and found["orderId"] == world.orders[order])


@step(r'"([^"]*)" is offered nothing')
def _(context, robot):
    expect("something was offered", not offered(context.world, robot))


@step(r'"([^"]*)" declines "([^"]*)"')
def _(context, robot, order):
    world = context.world
    world.robots[robot].post(f"/robots/api/lists/{world.list(order)['id']}/decline", {"reason": "battery"}).must_be_done()


@step(r'"([^"]*)" has started on "([^"]*)"')
def _(context, robot, order):
    world = context.world
    world.accept(robot, order).must_be_done()
    world.report(robot, order, "start").must_be_done()
    world.report(robot, order, "arrive", {"storeId": world.list(order)["stops"][0]["storeId"]}).must_be_done()


def subject(world, order, product):
    for stop in world.list(order)["stops"]:
        for line in stop["lines"]:
            if line["productId"] == world.products[product]:
                return {"storeId": stop["storeId"], "productId": line["productId"]}
    raise Unmet(f"{product} is not on the list of {order}")


@step(r'"([^"]*)" starts, and picks (\d+) "([^"]*)" of "([^"]*)"')
def _(context, robot, quantity, product, order):
    world = context.world
    world.report(robot, order, "start").must_be_done()
    where = subject(world, order, product)
    world.report(robot, order, "arrive", {"storeId": where["storeId"]}).must_be_done()
    world.report(robot, order, "pick", {**where, "quantity": int(quantity)}).must_be_done()


@step(r'"([^"]*)" reports (\d+) "([^"]*)" of "([^"]*)" as number (\d+)')
def _(context, robot, quantity, product, order, number):
    world = context.world
    world.reply = world.report(
        robot, order, "pick", {**subject(world, order, product), "quantity": int(quantity)}, int(number))


@step(r'"([^"]*)" arrives nowhere on "([^"]*)"')
def _(context, robot, order):
    context.world.reply = context.world.report(robot, order, "arrive", {"storeId": UNKNOWN})


@step(r'"([^"]*)" (finds|picks) (\d+) "([^"]*)" of "([^"]*)"(?: missing)?')
def _(context, robot, what, quantity, product, order):
    world = context.world
    world.reply = world.report(
        robot, order, "pick" if what == "picks" else "unavailable",
        {**subject(world, order, product), "quantity": int(quantity)}).must_be_done()


@step(r'"([^"]*)" is taken out of service')
def _(context, robot):
    world = context.world
    world.robots[robot].post("/robots/api/offline", {"reason": "a wheel"}).must_be_done()
    world.administrator.post(f"/admin/api/bots/{world.robot_ids[robot]}/retire").must_be_done()


@step(r'"([^"]*)" asks for work')
def _(context, robot):
    context.world.reply = context.world.robots[robot].post("/robots/api/work", {"declined": []})


@step(r'the goods of "([^"]*)" are on the returns shelf')
def _(context, order):
    world = context.world
    eventually("they are", lambda: world.rows("/admin/api/lists", "lists", onShelf="true", order=world.orders[order]))


@step(r'the list of "([^"]*)" shows (\d+) (picked|missing) of (\d+)')
def _(context, order, count, what, ordered):
    world = context.world
    eventually("the list shows it", lambda: (row := world.list(order)) and (row[what], row["ordered"]) == (
        int(count), int(ordered)))


@step(r'the list of "([^"]*)" is (\w+)')
def _(context, order, status):
    eventually(f"it is {status}", lambda: context.world.list(order)["status"] == status)


@step(r'the list of "([^"]*)" needs a clerk')
def _(context, order):
    eventually("it needs a clerk", lambda: context.world.list(order)["needsClerk"])


@step(r'"([^"]*)" is silent for (\d+) seconds')
def _(context, robot, seconds):
    context.world.control.advance(int(seconds))


@step(r'"([^"]*)" beats')
def _(context, robot):
    context.world.robots[robot].post("/robots/api/heartbeat", {"battery": 80, "position": "A 04"}).must_be_done()


@step(r'"([^"]*)" says hello(?: with "([^"]*)" in hand)?')
def _(context, robot, order):
    world = context.world
    world.reply = world.robots[robot].post(
        "/robots/api/hello", {"heldListId": world.list(order)["id"]} if order else {}).must_be_done()


@step(r'it is told to come back with "([^"]*)"')
def _(context, order):
    world = context.world
    expect(f"{world.reply}", world.reply.get("recall") == world.list(order)["id"])


@step(r'"([^"]*)" has come back')
def _(context, robot):
    context.world.robots[robot].post("/robots/api/returned").must_be_done()


@step(r'"([^"]*)" takes "([^"]*)" and gives it back, (\d+) times')
def _(context, robot, order, times):
    world = context.world
    for _ in range(int(times)):
        eventually("the list is accepted", lambda: world.accept(robot, order).is_done)
        world.robots[robot].post(
            f"/robots/api/lists/{world.list(order)['id']}/release", {"reason": "a wheel"}).must_be_done()
        # What it holds is asked for back, if it holds anything.
        hello = world.robots[robot].post("/robots/api/hello", {}).must_be_done()
        if hello.get("recall"):
            world.robots[robot].post("/robots/api/returned").must_be_done()
        eventually("the list is available", lambda: world.list(order)["status"] == "available")


@step(r'(\d+) robots are on errands of "([^"]*)" for 1 "([^"]*)"')
def _(context, count, customer, product):
    world = context.world
    context.errands = [f"errand {number}" for number in range(int(count))]
    for errand in context.errands:
        world.place(errand, customer, [(product, 1)])
        world.awaited(errand, "approved")
        world.robot(errand)
        world.accept(errand, errand).must_be_done()
        world.report(errand, errand, "start").must_be_done()


@step(r"all of them finish")
def _(context):
    world = context.world
    for errand in context.errands:
        hello = world.robots[errand].post("/robots/api/hello", {"heldListId": world.list(errand)["id"]}).must_be_done()
        expect(f"{hello}", hello.get("resume") == world.list(errand)["id"])
        where = subject(world, errand, "A")
        world.report(errand, errand, "arrive", {"storeId": where["storeId"]}).must_be_done()
        world.report(errand, errand, "pick", {**where, "quantity": 1}).must_be_done()
        world.report(errand, errand, "deliver").must_be_done()
        world.check_in(errand).must_be_done()
    for errand in context.errands:
        world.awaited(errand, "ready")


@step(r'"([^"]*)" brings the rest of "([^"]*)", which a clerk counts')
def _(context, robot, order):
    world = context.world
    for stop in world.list(order)["stops"]:
        for line in stop["lines"]:
            rest = line["ordered"] - line["picked"] - line["missing"]
            if rest:
                world.report(robot, order, "pick", {
                    "storeId": stop["storeId"], "productId": line["productId"], "quantity": rest}).must_be_done()
    world.report(robot, order, "deliver").must_be_done()
    world.check_in(order).must_be_done()


# Depot

@step(r'a robot brought "([^"]*)"')
def _(context, order):
    world = context.world
    world.robot(f"robot of {order}")
    world.shop(f"robot of {order}", order)


@step(r'a clerk counts "([^"]*)" with (\d+) "([^"]*)" less')
def _(context, order, quantity, product):
    context.world.check_in(order, {product: int(quantity)}).must_be_done()


@step(r'a clerk completes "([^"]*)"( once its list is canceled)?')
def _(context, order, later):
    world = context.world
    if later:
        eventually("the list is canceled", lambda: world.list(order)["status"] == "canceled")
    world.reply = world.check_in(order)


@step(r'its list asks for (\d+) "([^"]*)" in one line')
def _(context, quantity, product):
    world = context.world
    lines = [line for stop in world.list(last_order(world))["stops"] for line in stop["lines"]]
    expect(f"{lines}", [(line["productId"], line["ordered"]) for line in lines] == [
        (world.products[product], int(quantity))])


@step(r'a clerk sends ("[^"]*"|an unknown robot) for "([^"]*)"')
def _(context, robot, order):
    world = context.world
    world.reply = world.administrator.post(
        f"/admin/api/lists/{world.list(order)['id']}/assign",
        {"botId": world.robot_ids.get(robot.strip('"'), UNKNOWN)})


@step(r'"([^"]*)" is brought and checked in(?:, without (\d+) "([^"]*)")?')
def _(context, order, quantity, product):
    context.world.bring(order, {product: int(quantity)} if product else None)


# The desk

@step(r'("[^"]*"|a cashier) takes the payment of "([^"]*)"')
def _(context, who, order):
    world = context.world
    world.reply = world.pay_invoice(order, by=world.staff.get(who.strip('"')))


@step(r'a cashier takes (\d+) for "([^"]*)"')
def _(context, amount, order):
    context.world.reply = context.world.pay_invoice(order, amount=int(amount))


@step(r'two cashiers take the payment of "([^"]*)" at once')
def _(context, order):
    world = context.world
    first, second = world.hire("Carl", "cashier"), world.hire("Cora", "cashier")
    world.replies = at_once(lambda: world.pay_invoice(order, by=first), lambda: world.pay_invoice(order, by=second))


@step(r"a cashier has opened a shift")
def _(context):
    world = context.world
    world.hire("cashier", "cashier").post("/admin/api/shifts", {"floatMinor": 20_000}).must_be_done()


@step(r'the cashier takes cash for "([^"]*)"')
def _(context, order):
    world = context.world
    world.reply = world.pay_invoice(order, method="cash", by=world.staff["cashier"]).must_be_done()


@step(r'"([^"]*)" is handed over(, once the payment is known)?')
def _(context, order, known):
    world = context.world
    if known:
        world.reply = hand_over_when_paid(world, order)
    else:
        world.reply = world.administrator.post(f"/admin/api/orders/{world.orders[order]}/complete")


@step(r'"([^"]*)" is handed over twice under one key')
def _(context, order):
    world, key = context.world, str(uuid.uuid4())
    path = f"/admin/api/orders/{world.orders[order]}/complete"
    world.replies = [world.administrator.post(path, {}, key) for _ in range(2)]


def another_administrator(world):
    caller = Caller(world.server, user=world.server.user, password=world.server.password)
    caller.log_in().must_be_done()
    return caller


@step(r"each is handed over and canceled at once")
def _(context):
    race(context.world, lambda world, order, first, second: (
        lambda: first.post(f"/admin/api/orders/{order}/complete"), lambda: cancel(second, order)))


@step(r"each is paid and canceled at once")
def _(context):
    def racers(world, order, first, second):
        invoice = world.row("/admin/api/invoices", "invoices", order=order)
        paying = {"method": "card_on_file", "expectedAmountMinor": invoice["amountMinor"]}
        return (
            lambda: first.put(f"/admin/api/invoices/{invoice['id']}/pay", paying),
            lambda: cancel(second, order).must_be_done())
    race(context.world, racers)


def cancel(who, order):
    return who.post(f"/admin/api/orders/{order}/cancel", {"reason": "damaged"})


def race(world, racers):
    """Two people do two things to each order at once; which of them begins changes from order to order."""
    world.races, people = {}, [another_administrator(world), another_administrator(world)]
    for number, (name, order) in enumerate(world.orders.items()):
        deeds = racers(world, order, *people)
        answers = at_once(*(deeds if number % 2 else reversed(deeds)))
        world.races[name] = answers if number % 2 else answers[::-1]


@step(r'"([^"]*)" finds "([^"]*)" by its code( no more)?')
def _(context, person, order, no_more):
    world = context.world

    def found():
        rows = world.staff[person].get("/admin/api/pickup", text=world.codes[order]).must_be_done()["orders"]
        return any(row["orderId"] == world.orders[order] for row in rows) != bool(no_more)
    eventually("the pickup desk shows it so", found)


@step(r'staff send the text "(\w+)" about "([^"]*)" again')
def _(context, kind, order):
    world = context.world
    world.administrator.post(f"/admin/api/messages/{world.texts(order, kind)[0]['id']}/resend").must_be_done()


@step(r"the kiosk, staff and robot gateways are asked without a token, and with a wrong one")
def _(context):
    world = context.world
    nobody, wrong = Caller(world.server), Caller(world.server, "d3JvbmcgdG9rZW4gd3JvbmcgdG9rZW4gd3Jvbmc")
    world.replies = [
        who(method, path, {} if method == "POST" else None) for who in (nobody, wrong)
        for method, path in (
            ("GET", "/api/stores/participating"), ("POST", "/api/baskets"), ("GET", "/admin/api/orders"),
            ("POST", "/admin/api/stores"), ("POST", "/robots/api/hello"), ("POST", "/robots/api/work"))]


# Time, services and what breaks

@step(r"(\d+) seconds pass(?:, (\d+) times)?")
def _(context, seconds, times):
    for _ in range(int(times or 1)):
        context.world.let_pass(int(seconds))


def pause(context, names):
    world = context.world
    world.paused |= set(names)
    for name in names:
        world.control.pause(name, True)
    context.undo.append(lambda: hear(world, names))


def hear(world, names):
    for name in names:
        world.control.pause(name, False)
    world.paused -= set(names)


@step(r'the listener "([^"]*)" hears nothing')
def _(context, name):
    pause(context, [name])


@step(r'the module "(\w+)" hears nothing')
def _(context, module):
    pause(context, [f"{module}.commands"])


@step(r'the module "(\w+)" hears again')
def _(context, module):
    hear(context.world, [name for name in context.world.paused if name.startswith(f"{module}.")])


@step(r"no listener hears anything")
def _(context):
    pause(context, [name for name in context.world.control.listeners() if name != "projector"])


@step(r"all listeners hear again")
def _(context):
    hear(context.world, list(context.world.paused))


def restart(context):
    context.server.kill()
    context.server.start()
    # What listened to nobody listens again, being another process.
    context.world.paused = set()


@step(r"the server is killed and started again")
def _(context):
    restart(context)


@step(r"the server was not started again")
def _(context):
    expect("it was", context.server.process.pid == context.process and context.server.process.poll() is None)


@step(r"the card service (refuses to capture|cannot be reached|can be reached)")
def _(context, said):
    if "capture" in said:
        context.world.control.services(capture="refusing")
    else:
        context.world.control.services(card="unreachable" if "cannot" in said else "approving")
    context.undo.append(lambda: context.world.control.services(card="approving"))


@step(r"the text service (cannot|can) be reached")
def _(context, can):
    context.world.control.services(sms="unreachable" if can == "cannot" else "accepting")
    if can == "cannot":
        context.undo.append(lambda: context.world.control.services(sms="accepting"))


@step(r"a second server on the same database")
def _(context):
    from server import Server
    first = context.server
    # Time that was moved is one process's own; a start brings it back to that of the other.
    first.kill()
    first.start()
    socket = first.data.resolve() / "socket"
    second = Server(first.binary)
    second.database = f"host='{socket}' port=5432 user=postgres dbname=mallbots"
    second.user, second.password, second.token = first.user, first.password, first.token
    context.undo.append(second.remove)
    second.start()
    context.second = second


@step(r'"([^"]*)" orders 1 "([^"]*)" at both servers, (\d+) times each')
def _(context, customer, product, times):
    world = context.world
    world.customers.get(customer) or world.customer(customer)
    kiosks = [Caller(server, server.token) for server in (context.server, context.second)]

    def shop(kiosk, names):
        for name in names:
            basket = kiosk.post("/api/baskets", {"customerId": world.customers[customer]}).must_be_done()["id"]
            eventually("it is added", lambda: kiosk.put(
                f"/api/baskets/{basket}/addItem", {"productId": world.products[product], "quantity": 1}).must_be_done())
            payment = kiosk.post("/api/payments", {"basketId": basket}).must_be_done()["id"]
            reply = kiosk.put(f"/api/baskets/{basket}/checkout", {"paymentId": payment}).must_be_done()
            world.payments[name] = payment
            world.remember_order(name, reply)
    threads = [
        threading.Thread(target=shop, args=(kiosk, [f"{number} at {place}" for number in range(int(times))]))
        for place, kiosk in enumerate(kiosks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(f"{len(world.orders)} orders", len(world.orders) == 2 * int(times))


@step(r"each of them is approved")
def _(context):
    for order in context.world.orders:
        context.world.awaited(order, "approved")


@step(r"each of them was created once, with one list and one invoice")
def _(context):
    for order in context.world.orders:
        once(context.world, order)
