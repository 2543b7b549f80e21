"""What there is before something happens, and what people do to it."""

import threading
import uuid

from people import Caller, eventually
from phrases import step


UNKNOWN = "11111111-2222-4333-8444-555555555555"


def last_basket(world):
    return list(world.baskets)[-1]


def lines_of(text):
    """`2 "A" and 1 "B"` as pairs."""
    pairs = []
    for part in text.split(" and "):
        quantity, _, name = part.strip().partition(" ")
        pairs.append((name.strip('"'), int(quantity)))
    return pairs


def at_once(*deeds):
    """Does things at the same time and returns their answers, in order."""
    answers = [None] * len(deeds)
    ready = threading.Barrier(len(deeds))

    def run(index, deed):
        ready.wait()
        answers[index] = deed()
    threads = [threading.Thread(target=run, args=each) for each in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


# Stores and products

@step(r'a store "([^"]*)"')
def _(context, name):
    context.world.store(name)


@step(r'a new store "([^"]*)"')
def _(context, name):
    context.world.store(name, participating=False)


@step(r'"([^"]*)" sells "([^"]*)" for (\d+)')
def _(context, store, name, price):
    context.world.product(store, name, int(price))


@step(r'"([^"]*)" sells (\d+) products')
def _(context, store, count):
    for number in range(int(count)):
        context.world.product(store, f"Thing {number}", 100 + number)


@step(r'"([^"]*)" was removed( and baskets know)?')
def _(context, name, known):
    world = context.world
    world.administrator.delete(f"/admin/api/stores/products/{world.products[name]}").must_be_done()
    if known:
        world.settle()


@step(r'"([^"]*)" left and baskets know')
def _(context, store):
    world = context.world
    world.administrator.delete(f"/admin/api/stores/{world.stores[store]}/participating").must_be_done()
    world.settle()


@step(r'staff raised "([^"]*)" to (\d+) and baskets know')
def _(context, name, price):
    world = context.world
    change_price(world, world.administrator, "raise", name, int(price))
    world.reply.must_be_done()
    world.settle()


@step(r'staff open the store "([^"]*)" at "([^"]*)"')
def _(context, name, place):
    world = context.world
    world.reply = world.administrator.post("/admin/api/stores", {"name": world.called(name), "location": place})
    world.stores[name] = world.reply["id"]


@step(r"staff open a store without a name or without a location")
def _(context):
    each(context, lambda staff: [
        staff.post("/admin/api/stores", body) for body in
        ({"name": "", "location": "Level 1"}, {"location": "Level 1"}, {"name": "Lamps", "location": " "}, {"name": "Lamps"})])


@step(r'staff let "([^"]*)" take part')
def _(context, store):
    world = context.world
    world.reply = world.administrator.put(f"/admin/api/stores/{world.stores[store]}/participating")


@step(r'staff take "([^"]*)" out')
def _(context, store):
    world = context.world
    world.reply = world.administrator.delete(f"/admin/api/stores/{world.stores[store]}/participating")


@step(r'staff deny "([^"]*)"')
def _(context, store):
    world = context.world
    world.reply = world.administrator.delete(
        f"/admin/api/stores/{world.stores[store]}/participation-request", {"note": "no room"}).must_be_done()


@step(r'"([^"]*)" asks for "([^"]*)" to take part')
def _(context, manager, store):
    world = context.world
    world.reply = world.staff[manager].post(
        f"/admin/api/stores/{world.stores[store]}/participation-request", {"note": "please"})


@step(r'staff rename "([^"]*)" to "([^"]*)"')
def _(context, store, name):
    world = context.world
    world.reply = world.administrator.put(
        f"/admin/api/stores/{world.stores[store]}/rebrand", {"name": world.called(name)})


@step(r'staff rename the product "([^"]*)" to "([^"]*)"')
def _(context, product, name):
    world = context.world
    world.reply = world.administrator.put(
        f"/admin/api/stores/products/{world.products[product]}/rebrand", {"name": world.called(name), "description": ""})


@step(r'staff add "([^"]*)" for (-?\d+)(?: with SKU "([^"]*)")? to "([^"]*)"')
def _(context, name, price, sku, store):
    add_product(context.world, name, int(price), sku, context.world.stores[store])


@step(r'staff add "([^"]*)" for (\d+) to an unknown store')
def _(context, name, price):
    add_product(context.world, name, int(price), None, UNKNOWN)


def add_product(world, name, price, sku, store):
    called = world.called(name) if name.strip() else name
    world.reply = world.administrator.post(
        f"/admin/api/stores/{store}/products",
        {"name": called, "description": "", "sku": sku or "", "priceMinor": price})


@step(r'staff (raise|lower) "([^"]*)" to (-?\d+)')
def _(context, way, name, price):
    change_price(context.world, context.world.administrator, way, name, int(price))


@step(r'"([^"]*)" renames "([^"]*)"')
def _(context, person, store):
    world = context.world
    world.reply = world.staff[person].put(
        f"/admin/api/stores/{world.stores[store]}/rebrand", {"name": world.called(f"{store} of {person}")})


@step(r'"([^"]*)" changes the price of "([^"]*)"')
def _(context, person, name):
    change_price(context.world, context.world.staff[person], "raise", name, 2000)


def change_price(world, who, way, name, price):
    verb = "increasePrice" if way == "raise" else "decreasePrice"
    world.reply = who.put(f"/admin/api/stores/products/{world.products[name]}/{verb}", {"priceMinor": price})


@step(r'staff remove "([^"]*)"')
def _(context, name):
    world = context.world
    world.reply = world.administrator.delete(f"/admin/api/stores/products/{world.products[name]}")


def each(context, deeds, who=None):
    """Does things of which nothing must remain."""
    world = context.world
    context.streams = world.number("select count(*) from mall.streams where category not like 'admin.%'")
    world.replies = deeds(who or world.administrator)


@step(r"each command is given for an unknown id")
def _(context):
    world = context.world
    kiosk, basket = world.kiosk, f"/api/baskets/{UNKNOWN}"
    store, product = f"/admin/api/stores/{UNKNOWN}", f"/admin/api/stores/products/{UNKNOWN}"
    each(context, lambda staff: [
        staff.put(f"{store}/participating"), staff.delete(f"{store}/participating"),
        staff.put(f"{store}/rebrand", {"name": "Lights"}), staff.post(f"{store}/participation-request", {"note": ""}),
        staff.delete(f"{store}/participation-request", {"note": ""}),
        staff.post(f"{store}/products", {"name": "A", "description": "", "sku": "", "priceMinor": 1}),
        staff.put(f"{product}/rebrand", {"name": "B", "description": ""}),
        staff.put(f"{product}/increasePrice", {"priceMinor": 2}), staff.put(f"{product}/decreasePrice", {"priceMinor": 1}),
        staff.delete(product), staff.put(f"/admin/api/customers/{UNKNOWN}/enable"),
        staff.put(f"/admin/api/customers/{UNKNOWN}/disable"),
        staff.post(f"/admin/api/orders/{UNKNOWN}/cancel", {"reason": "because"}),
        staff.post(f"/admin/api/orders/{UNKNOWN}/complete"),
        staff.post(f"/admin/api/lists/{UNKNOWN}/release", {"reason": "because"}),
        staff.post(f"/admin/api/lists/{UNKNOWN}/complete", {"counts": []}),
        staff.post(f"/admin/api/lists/{UNKNOWN}/bay", {"bay": "B 1"}),
        staff.post(f"/admin/api/bots/{UNKNOWN}/recall", {"reason": "because"}),
        staff.put(f"/admin/api/invoices/{UNKNOWN}/pay", {"method": "card_on_file", "expectedAmountMinor": 1}),
        staff.post(f"/admin/api/invoices/{UNKNOWN}/refund", {"amountMinor": 1, "reason": "because"}),
        staff.post(f"/admin/api/shifts/{UNKNOWN}/close", {"countedMinor": 1}),
        staff.post(f"/admin/api/sagas/{UNKNOWN}/retry"), staff.post(f"/admin/api/sagas/{UNKNOWN}/abort", {"reason": "because"}),
        staff.post(f"/admin/api/messages/{UNKNOWN}/resend"),
        kiosk.put(f"/api/customers/{UNKNOWN}/change-sms", {"smsNumber": "+491715551234"}),
        kiosk.put(f"{basket}/addItem", {"productId": UNKNOWN, "quantity": 1}),
        kiosk.put(f"{basket}/removeItem", {"productId": UNKNOWN, "quantity": 1}),
        kiosk.delete(basket, {"reason": ""}), kiosk.put(f"{basket}/checkout", {"paymentId": UNKNOWN}),
        kiosk.post("/api/payments", {"basketId": UNKNOWN})])


@step(r"its catalogue is paged by 20 while others are added")
def _(context):
    world = context.world
    path = f"/admin/api/stores/{world.stores['Lamps']}/products"
    context.before = {product for name, product in world.products.items() if name.startswith("Thing")}
    context.seen = paged(
        world.administrator, path, "products", "productId", 20,
        lambda number: world.product("Lamps", f"Late {number}", 100))


def paged(who, path, field, key, limit, between, **query):
    """The keys of a list that is read part by part, with something happening between two parts."""
    seen, more = [], {}
    while True:
        page = who.get(path, limit=limit, **query, **more).must_be_done()
        seen += [row[key] for row in page[field]]
        if not page.get("next"):
            return seen
        between(len(seen))
        more = {"next": page["next"]}


# Customers

@step(r'a customer "([^"]*)"')
def _(context, name):
    context.world.customer(name)


def digits(context, text):
    if not hasattr(context, "digits"):
        context.digits = f"{uuid.uuid4().int % 10**6:06d}"
    return text.replace("{six digits}", context.digits)


@step(r'a customer "([^"]*)" with the number "([^"]*)"')
def _(context, name, number):
    context.world.phones[name] = digits(context, number)
    context.world.customer(name)


@step(r'"([^"]*)" registers with the number "([^"]*)"')
def _(context, name, number):
    world = context.world
    world.reply = world.kiosk.post("/api/customers", {"name": world.called(name), "smsNumber": digits(context, number)})


@step(r"somebody registers without a name, without a number, or with letters in it")
def _(context):
    each(context, lambda kiosk: [
        kiosk.post("/api/customers", body) for body in
        ({"smsNumber": "+491715550001"}, {"name": " ", "smsNumber": "+491715550001"}, {"name": "Mira"},
         {"name": "Mira", "smsNumber": ""}, {"name": "Mira", "smsNumber": "0171 CALL ME"})], context.world.kiosk)


@step(r'the number "([^"]*)" is identified')
def _(context, number):
    context.world.reply = context.world.kiosk.post(
        "/api/customers", {"name": "Somebody", "smsNumber": digits(context, number)})


@step(r'staff (enable|disable) "([^"]*)"')
def _(context, verb, name):
    world = context.world
    world.reply = world.administrator.put(f"/admin/api/customers/{world.customers[name]}/{verb}")


@step(r'the number of "([^"]*)" is changed')
def _(context, name):
    world = context.world
    del world.phones[name]
    world.kiosk.put(
        f"/api/customers/{world.customers[name]}/change-sms", {"smsNumber": world.phone(name)}).must_be_done()


# Baskets

@step(r'"([^"]*)" has a basket with (\d+ "[^"]*"(?: and \d+ "[^"]*")*)')
def _(context, customer, lines):
    world = context.world
    name = f"basket {len(world.baskets)}"
    world.basket(name, customer)
    for product, quantity in lines_of(lines):
        world.add(name, product, quantity)


@step(r'"([^"]*)" has an empty basket')
def _(context, customer):
    context.world.basket(f"basket {len(context.world.baskets)}", customer)


@step(r'(\d+) "([^"]*)" was added')
def _(context, quantity, product):
    context.world.add(last_basket(context.world), product, int(quantity))


@step(r'(\d+) times 1 "([^"]*)" was added and taken out')
def _(context, times, product):
    world = context.world
    for _ in range(int(times)):
        for verb in ("addItem", "removeItem"):
            basket_command(world, verb, world.products[product], 1).must_be_done()


def basket_command(world, verb, product, quantity, key=None, basket=None):
    return world.kiosk.put(
        f"/api/baskets/{world.baskets[basket or last_basket(world)]}/{verb}",
        {"productId": product, "quantity": quantity}, key)


@step(r"an unknown customer starts a basket")
def _(context):
    context.world.reply = context.world.kiosk.post("/api/baskets", {"customerId": UNKNOWN})


@step(r'"([^"]*)" starts a basket')
def _(context, name):
    world = context.world

    def refused():
        world.reply = world.kiosk.post("/api/baskets", {"customerId": world.customers[name]})
        return not world.reply.is_done
    eventually("it is refused", refused)


@step(r'0, -1 or 1000 "([^"]*)" are added')
def _(context, product):
    world = context.world
    each(context, lambda _: [basket_command(world, "addItem", world.products[product], number) for number in (0, -1, 1000)])


@step(r'(\d+) "([^"]*)" is added')
def _(context, quantity, product):
    world = context.world
    world.reply = basket_command(world, "addItem", world.products[product], int(quantity))



@step(r"an unknown product is added")
def _(context):
    context.world.reply = basket_command(context.world, "addItem", UNKNOWN, 1)


@step(r'(\d+) "([^"]*)" are taken out')
def _(context, quantity, product):
    world = context.world
    world.reply = basket_command(world, "removeItem", world.products[product], int(quantity))


@step(r"the basket is canceled")
def _(context):
    world = context.world
    world.reply = world.kiosk.delete(f"/api/baskets/{world.baskets[last_basket(world)]}", {"reason": "too dear"})


@step(r'two kiosks add "([^"]*)" and "([^"]*)" 10 times each at once')
def _(context, first, second):
    world = context.world
    context.added = {first: 1, second: 0}

    def kiosk(product):
        caller = Caller(world.server, world.server.token)
        path = f"/api/baskets/{world.baskets[last_basket(world)]}/addItem"
        return sum(caller.put(path, {"productId": world.products[product], "quantity": 1}).is_done for _ in range(10))
    for product, done in zip((first, second), at_once(lambda: kiosk(first), lambda: kiosk(second))):
        context.added[product] += done


@step(r"the card is authorised")
def _(context):
    context.world.pay(last_basket(context.world))


@step(r'the card is authorised as "([^"]*)"')
def _(context, name):
    world = context.world
    world.payments[name] = world.pay(last_basket(world))


def check_out(world, payment=None, order=None):
    basket = last_basket(world)
    payment = payment or world.payments[basket]
    world.reply = world.kiosk.put(f"/api/baskets/{world.baskets[basket]}/checkout", {"paymentId": payment})
    if order and world.reply.is_done:
        world.remember_order(order, world.reply)
        if basket in world.payments:
            world.payments.setdefault(order, world.payments[basket])


@step(r'the card is authorised and the basket checked out(?: as "([^"]*)")?')
def _(context, order):
    world = context.world
    paid = world.kiosk.post("/api/payments", {"basketId": world.baskets[last_basket(world)]})
    world.reply = paid
    if paid.is_done:
        world.payments[last_basket(world)] = paid["id"]
        check_out(world, paid["id"], order)


@step(r'the basket is checked out(?: as "([^"]*)")?')
def _(context, order):
    check_out(context.world, order=order)



@step(r'the basket is checked out with an unknown payment(?: as "([^"]*)")?')
def _(context, order):
    check_out(context.world, UNKNOWN, order)


@step(r"the basket is checked out without a payment")
def _(context):
    world = context.world
    world.reply = world.kiosk.put(f"/api/baskets/{world.baskets[last_basket(world)]}/checkout", {})


@step(r'the basket is checked out with "([^"]*)" as "([^"]*)"')
def _(context, payment, order):
    check_out(context.world, context.world.payments[payment], order)


@step(r'1 "([^"]*)" is added twice under one key')
def _(context, product):
    world = context.world
    key = str(uuid.uuid4())
    world.replies = [basket_command(world, "addItem", world.products[product], 1, key) for _ in range(2)]


# Orders

@step(r'"([^"]*)" orders (\d+ "[^"]*"(?: and \d+ "[^"]*")*) as "([^"]*)"')
def _(context, customer, lines, order):
    context.world.reply = context.world.place(order, customer, lines_of(lines))


@step(r'"([^"]*)" orders 1 "([^"]*)" as "([^"]*)", and reads it at once')
def _(context, customer, product, order):
    world = context.world
    world.place(order, customer, [(product, 1)])
    world.reply = world.kiosk.get(f"/api/ordering/{world.orders[order]}")


@step(r'"([^"]*)" has (\d+) (approved orders|orders) of 1 "([^"]*)"(?: that are ready and paid)?')
def _(context, customer, count, what, product):
    world = context.world
    for number in range(int(count)):
        name = f"order {number}"
        world.place(name, customer, [(product, 1)])
        world.awaited(name, "approved")
        if what == "orders":
            world.pay_invoice(name).must_be_done()
            world.paid(name)
            world.bring(name)
            world.awaited(name, "ready")
            eventually("the order knows that it is paid", lambda: world.order(name)["paid"])
        else:
            eventually("its invoice is there", lambda: world.invoice(name))


@step(r'"([^"]*)" orders 1 "([^"]*)", (\d+) times')
def _(context, customer, product, times):
    for number in range(int(times)):
        context.world.place(f"order {number}", customer, [(product, 1)])


@step(r'"([^"]*)" has the (approved|completed|rejected|canceled) order "([^"]*)" of (\d+ "[^"]*"(?: and \d+ "[^"]*")*)')
def _(context, customer, status, order, lines):
    world = context.world
    if status == "rejected":
        world.customer("somebody disabled")
        world.basket(order, "somebody disabled")
        for product, quantity in lines_of(lines):
            world.add(order, product, quantity)
        world.pay(order)
        world.administrator.put(f"/admin/api/customers/{world.customers['somebody disabled']}/disable").must_be_done()
        world.check_out(order)
    else:
        world.place(order, customer, lines_of(lines))
        world.awaited(order, "approved")
        eventually("its list and invoice are there", lambda: world.list(order) and world.invoice(order))
    if status == "canceled":
        world.administrator.post(f"/admin/api/orders/{world.orders[order]}/cancel", {"reason": "why not"}).must_be_done()
    if status == "completed":
        world.pay_invoice(order).must_be_done()
        world.paid(order)
        world.bring(order)
        world.awaited(order, "ready")
        hand_over_when_paid(world, order).must_be_done()
    world.awaited(order, status)


def hand_over_when_paid(world, order):
    eventually("the order knows that it is paid", lambda: world.order(order)["paid"])
    return world.administrator.post(f"/admin/api/orders/{world.orders[order]}/complete")


@step(r'"([^"]*)" cancels "([^"]*)"')
def _(context, customer, order):
    world = context.world
    world.reply = cancel_at_kiosk(world, customer, order)


def cancel_at_kiosk(world, customer, order):
    return world.kiosk.delete(
        f"/api/ordering/{world.orders[order]}",
        {"smsNumber": world.phone(customer), "pickupCode": world.codes[order]})


@step(r'(staff|"[^"]*") cancels? "([^"]*)" because "([^"]*)"')
def _(context, who, order, reason):
    world = context.world
    person = world.administrator if who == "staff" else world.staff[who.strip('"')]
    world.reply = person.post(f"/admin/api/orders/{world.orders[order]}/cancel", {"reason": reason})


@step(r'"([^"]*)" is (store_manager|depot_clerk|depot_supervisor|cashier|administrator|auditor)(?: of "([^"]*)")?')
def _(context, name, role, store):
    context.world.hire(name, role, [store] if store else [])


@step(r'the role of "([^"]*)" is withdrawn')
def _(context, name):
    world = context.world
    world.administrator.put(
        f"/admin/api/staff/{world.staff[name].user}", {"name": name, "roles": ["depot_clerk"]}).must_be_done()
