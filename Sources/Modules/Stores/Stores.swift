import Contracts
public import Kernel

/// Stores, their part in the service, their products and prices.
public let stores = Module("stores") {
    accepts(CreateStore.self) { command, tx in
        try await tx.tell(
            Store.self, tx.newID(StoreID.self), .create(name: command.name, location: command.location))
        return Done()
    }
    accepts(RebrandStore.self) { command, tx in
        try await tx.tell(Store.self, command.id, .rebrand(name: command.name))
        return Done()
    }
    accepts(EnableParticipation.self) { command, tx in
        try await tx.tell(Store.self, command.id, .enable)
        return Done()
    }
    accepts(DisableParticipation.self) { command, tx in
        try await tx.tell(Store.self, command.id, .disable)
        return Done()
    }
    accepts(RequestParticipation.self) { command, tx in
        try await tx.tell(Store.self, command.id, .request(note: command.note))
        return Done()
    }
    accepts(DenyParticipation.self) { command, tx in
        try await tx.tell(Store.self, command.id, .deny(note: command.note))
        return Done()
    }
    announces(Store.self) { id, _, event in
        switch event {
        case .storeCreated(let name, let location): StoreCreated(id: id, name: name, location: location)
        case .storeRebranded(let name): StoreRebranded(id: id, name: name)
        case .storeParticipationEnabled(let participating), .storeParticipationDisabled(let participating):
            StoreParticipatingToggled(id: id, participating: participating)
        case .storeParticipationRequested(let note): StoreParticipationRequested(id: id, note: note)
        case .storeParticipationDenied(let note): StoreParticipationDenied(id: id, note: note)
        }
    }

    accepts(AddProduct.self) { command, tx in
        // The store is looked at in this unit of work, so it cannot turn out never to have been there.
        guard try await tx.state(of: Store.self, command.id) != nil else { throw Refusal.unknownStore }
        try await tx.tell(
            Product.self, tx.newID(ProductID.self),
            .add(
                storeId: command.id, name: command.name, description: command.description, sku: command.sku,
                priceMinor: command.priceMinor))
        return Done()
    }
    accepts(RebrandProduct.self) { command, tx in
        try await tx.tell(
            Product.self, command.id, .rebrand(name: command.name, description: command.description))
        return Done()
    }
    accepts(IncreaseProductPrice.self) { command, tx in
        try await tx.tell(Product.self, command.id, .increasePrice(to: command.priceMinor))
        return Done()
    }
    accepts(DecreaseProductPrice.self) { command, tx in
        try await tx.tell(Product.self, command.id, .decreasePrice(to: command.priceMinor))
        return Done()
    }
    accepts(RemoveProduct.self) { command, tx in
        try await tx.tell(Product.self, command.id, .remove)
        return Done()
    }
    announces(Product.self) { id, state, event in
        if let storeId = state.article?.storeId {
            switch event {
            case .productAdded(_, let name, let description, let sku, let price):
                ProductAdded(
                    id: id, storeId: storeId, name: name, description: description, sku: sku, priceMinor: price)
            case .productRebranded(let name, let description):
                ProductRebranded(id: id, storeId: storeId, name: name, description: description)
            case .productPriceIncreased(let delta, let price):
                ProductPriceIncreased(id: id, storeId: storeId, deltaMinor: delta, priceMinor: price)
            case .productPriceDecreased(let delta, let price):
                ProductPriceDecreased(id: id, storeId: storeId, deltaMinor: delta, priceMinor: price)
            case .productRemoved: ProductRemoved(id: id, storeId: storeId)
            }
        }
    }

    answers(GetStore.self) { query, reader in
        guard let found = try await reader.state(of: Store.self, query.id),
            case .open(let name, let location, let participation) = found.state
        else { throw Refusal.unknownStore }
        return StoreDetails(
            id: query.id, name: name, location: location, participating: participation == .participating,
            version: found.version)
    }
    answers(GetProduct.self) { query, reader in
        guard let found = try await reader.state(of: Product.self, query.id), let article = found.state.article else {
            throw Refusal.unknownProduct
        }
        return ProductDetails(
            id: query.id, storeId: article.storeId, name: article.name, description: article.description,
            sku: article.sku, priceMinor: article.priceMinor, removed: found.state == .removed(article),
            version: found.version)
    }
    answers(GetParticipatingStores.self) { query, reader in
        try await mall.page(query.page, where: .among("participating", [.bool(true)]), of: reader, by: \.name) { row in
            StoreDetails(
                id: row.storeId, name: row.name, location: row.location, participating: row.participating,
                version: row.version)
        }
    }
    answers(GetCatalog.self) { query, reader in
        guard try await reader.state(of: Store.self, query.id) != nil else { throw Refusal.unknownStore }
        let ofStore = Predicate.among("store", [.uuid(query.id.rawValue)])
        return try await catalog.page(query.page, where: ofStore, of: reader, by: \.name) { row in
            ProductDetails(
                id: row.productId, storeId: row.storeId, name: row.name, description: row.description, sku: row.sku,
                priceMinor: row.priceMinor, removed: false, version: row.version)
        }
    }

    folds(mall)
    shows(mallTopic)
    folds(catalog)
    shows(catalogTopic)
}
