import Contracts
public import Kernel

/// The coordinator that makes an order out of a checkout, or undoes what was begun.
public let cosec = Module("cosec") {
    reacts(to: OrderCreated.self) { event, tx in
        try await tx.tell(Course<CreateOrder>.self, event.id, .start(CreateOrder(event)))
    }
    coordinates(CreateOrder.self) { id, course, event in
        switch event {
        case .sagaStarted(let saga):
            SagaStarted(
                id: id, saga: CreateOrder.category, customerId: saga.customerId, customerName: saga.customerName)
        case .stepAsked(let step, let direction, _, _, let attempt, _):
            SagaStepped(
                id: id, step: step, command: Course<CreateOrder>.command(of: step, direction),
                direction: SagaDirection(direction), attempt: attempt)
        case .stepDone, .undoRefused: []
        case .sagaTurned(let step, let cause): SagaTurned(id: id, step: step, error: cause.message)
        case .sagaStuck(let step, let error): SagaStuck(id: id, step: step, error: error)
        case .sagaCompleted: SagaCompleted(id: id)
        case .sagaCompensated: SagaCompensated(id: id, error: course.undoing?.cause.message ?? "")
        }
    }
    accepts(RetrySagaStep.self) { command, tx in
        try await tx.tell(Course<CreateOrder>.self, command.id, .retry)
        return Done()
    }
    accepts(AbortSaga.self) { command, tx in
        let reason = try Text.note(command.reason, field: "reason")
        guard !reason.isEmpty else { throw Refusal.invalid("a reason is required", field: "reason") }
        try await tx.tell(Course<CreateOrder>.self, command.id, .abort(reason: reason))
        return Done()
    }

    answers(GetSaga.self) { query, reader in
        guard let found = try await reader.state(of: Course<CreateOrder>.self, query.id) else {
            throw Refusal.notFound("there is no such saga")
        }
        return SagaDetails(query.id, found.state, found.version)
    }

    folds(sagas)
    shows(sagasTopic)
}

extension SagaDirection {
    fileprivate init(_ direction: Course<CreateOrder>.Direction) {
        self =
            switch direction {
            case .forward: .forward
            case .backward: .backward
            }
    }
}

extension SagaDetails {
    fileprivate init(_ id: OrderID, _ course: Course<CreateOrder>, _ version: Version) {
        let status: SagaStatus
        // Where it ended, once nothing is asked for any more.
        let step: Int
        switch course {
        case .absent: preconditionFailure("saga \(id) has a version and no history")
        case .forward(_, let asked): (status, step) = (.running, asked.step)
        case .backward(_, let asked, _), .resting(_, let asked, _, _): (status, step) = (.compensating, asked.step)
        case .stuck(_, let asked, _): (status, step) = (.stuck, asked.step)
        case .completed: (status, step) = (.completed, CreateOrder.steps.count - 1)
        case .compensated: (status, step) = (.compensated, 0)
        }
        self.init(
            id: id, saga: CreateOrder.category, status: status, step: step,
            direction: course.undoing == nil ? .forward : .backward, attempts: course.asked?.attempt ?? 0,
            lastError: course.undoing?.lastError, shoppingId: course.saga?.shoppingId, version: version)
    }
}
