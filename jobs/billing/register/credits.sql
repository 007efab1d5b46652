-- Which invoice a credit note takes back. All of one invoice that are open are at most the invoice.
CREATE TABLE credits (
    credit  INTEGER PRIMARY KEY REFERENCES charges (id),
    invoice INTEGER NOT NULL REFERENCES charges (id)
) STRICT;
CREATE INDEX credits_of_an_invoice ON credits (invoice);
CREATE INDEX charges_by_number ON charges (account, mode, number) WHERE number IS NOT NULL;
