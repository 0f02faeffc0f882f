-- What works for an order is found by the order.
create index sagas_of_subject on sagas (subject);
