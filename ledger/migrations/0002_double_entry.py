"""The database keeps the books: a transfer's row, and nothing else, changes what is on its two accounts."""

from django.db import migrations

# Both accounts are locked in the order of their ids first: two transfers between the same two never wait for each other.
# The triggers on transfers run after the foreign keys' own (PostgreSQL runs them by name), which see the accounts exist.
FORWARDS = """
-- An account is updated by each of its transfers: with room on its page that touches no index.
ALTER TABLE ledger_account SET (fillfactor = 50);

CREATE FUNCTION ledger_book(
    owner uuid, debit uuid, credit uuid, currency text, pending numeric, posted numeric
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE fitting integer;
BEGIN
    SELECT count(*) FILTER (WHERE account.currency = ledger_book.currency) INTO fitting FROM (
        SELECT a.currency FROM ledger_account AS a
        WHERE a.merchant_id = owner AND a.id IN (debit, credit) ORDER BY a.id FOR NO KEY UPDATE
    ) AS account;
    IF fitting <> 2 THEN
        RAISE EXCEPTION 'a transfer is between two accounts of its own currency' USING ERRCODE = 'check_violation';
    END IF;
    UPDATE ledger_account SET
        debits_pending = debits_pending + CASE WHEN id = debit THEN pending ELSE 0 END,
        debits_posted = debits_posted + CASE WHEN id = debit THEN posted ELSE 0 END,
        credits_pending = credits_pending + CASE WHEN id = credit THEN pending ELSE 0 END,
        credits_posted = credits_posted + CASE WHEN id = credit THEN posted ELSE 0 END
    WHERE merchant_id = owner AND id IN (debit, credit);
END $$;

CREATE FUNCTION ledger_transfer_made() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'pending' THEN
        PERFORM ledger_book(NEW.merchant_id, NEW.debit_account_id, NEW.credit_account_id, NEW.currency, NEW.amount, 0);
    ELSIF NEW.state = 'posted' AND NEW.posted_amount = NEW.amount THEN
        PERFORM ledger_book(NEW.merchant_id, NEW.debit_account_id, NEW.credit_account_id, NEW.currency, 0, NEW.amount);
    ELSE
        RAISE EXCEPTION 'a transfer begins pending, or posted whole' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_transfer_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'pending' OR NEW.state = 'pending'
        OR (OLD.merchant_id, OLD.id, OLD.debit_account_id, OLD.credit_account_id, OLD.amount, OLD.currency, OLD.key)
        IS DISTINCT FROM
        (NEW.merchant_id, NEW.id, NEW.debit_account_id, NEW.credit_account_id, NEW.amount, NEW.currency, NEW.key)
    THEN
        RAISE EXCEPTION 'a transfer is never changed, and settled once' USING ERRCODE = 'check_violation';
    END IF;
    PERFORM ledger_book(
        NEW.merchant_id, NEW.debit_account_id, NEW.credit_account_id, NEW.currency, -NEW.amount, NEW.posted_amount
    );
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_account_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what is on an account changes by transfers only' USING ERRCODE = 'check_violation';
END $$;

CREATE TRIGGER made AFTER INSERT ON ledger_transfer FOR EACH ROW EXECUTE FUNCTION ledger_transfer_made();
CREATE TRIGGER settled AFTER UPDATE OF
    merchant_id, id, debit_account_id, credit_account_id, amount, currency, key, state, posted_amount
    ON ledger_transfer FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW) EXECUTE FUNCTION ledger_transfer_settled();
CREATE TRIGGER kept BEFORE UPDATE OF
    merchant_id, id, code, key, currency, limited, debits_pending, debits_posted, credits_pending, credits_posted
    ON ledger_account FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION ledger_account_kept();
CREATE TRIGGER begins_empty BEFORE INSERT ON ledger_account FOR EACH ROW
    WHEN (NEW.debits_pending + NEW.debits_posted + NEW.credits_pending + NEW.credits_posted <> 0)
    EXECUTE FUNCTION ledger_account_kept();
"""
BACKWARDS = """
ALTER TABLE ledger_account RESET (fillfactor);
DROP TRIGGER begins_empty ON ledger_account;
DROP TRIGGER kept ON ledger_account;
DROP TRIGGER settled ON ledger_transfer;
DROP TRIGGER made ON ledger_transfer;
DROP FUNCTION ledger_account_kept(), ledger_transfer_settled(), ledger_transfer_made(), ledger_book(uuid, uuid, uuid, text, numeric, numeric);
"""


class Migration(migrations.Migration):

    dependencies = [('ledger', '0001_initial')]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
