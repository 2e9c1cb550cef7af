"""Every code that an error of the API may carry: what it means, and what to do. Codes never change their meaning."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One row of the reference. `status`: the HTTP status that it comes with."""

    status: int
    meaning: str
    remedy: str


CODES: dict[str, Code] = {
    # The request itself.
    "bad_request": Code(400, "The request cannot be understood.", "Read `detail`."),
    "invalid_json": Code(400, "The body is not valid JSON.", "Send UTF-8 JSON; `detail` names the place."),
    "invalid_body": Code(400, "The body cannot be read.", "Read `detail` and `param`."),
    "invalid_field": Code(
        400,
        "A field is missing, unknown, or holds a value that it cannot hold.",
        "Mend the field that `param` names, such as `lines[0].quantity`.",
    ),
    "invalid_parameter": Code(
        400, "A query parameter has a value that it cannot have.", "Mend the one that `param` names."
    ),
    "invalid_idempotency_key": Code(
        400,
        "The `Idempotency-Key` is empty, too long, or not printable.",
        "Send 1 to 255 printable characters: a UUID.",
    ),
    "not_authenticated": Code(
        401,
        "No API key came with the request, or it does not exist any more; a webhook has no valid signature.",
        "Send `Authorization: Bearer <key>`, or sign with the secret of the connection.",
    ),
    "missing_scope": Code(
        403, "The API key may not do this.", "Use a key with the scope that `detail` names."
    ),
    "not_a_sandbox": Code(
        403,
        "This is answered in a sandbox only, and the key is one of the real shop.",
        "Use a key of the sandbox: they begin with `aw_test_`.",
    ),
    "not_found": Code(
        404,
        "There is no such object, or it belongs to somebody else.",
        "Look the id up again; ids begin with their kind.",
    ),
    "order_not_found": Code(404, "The order that the body names does not exist.", "Send the order first."),
    "shipment_not_found": Code(
        404, "The parcel that a scan names does not exist.", "Send the shipment first."
    ),
    "unknown_address": Code(
        404, "The API has no such address.", "Compare with the reference; addresses end without a slash."
    ),
    "method_not_allowed": Code(
        405, "The address does not answer this method.", "`Allow` lists those that it answers."
    ),
    "body_too_large": Code(
        413, "The body is larger than this installation reads.", "Send fewer scans or lines at once."
    ),
    "unsupported_media_type": Code(
        415, "The body is not sent as JSON.", "Send `Content-Type: application/json`."
    ),
    # Doing it again, and at the same time.
    "conflict": Code(
        409, "The request conflicts with the state of the object.", "Read the object, then try again."
    ),
    "idempotency_key_in_use": Code(
        409,
        "A request with this `Idempotency-Key` is being worked on.",
        "Send it again after `Retry-After` seconds.",
    ),
    "idempotency_key_reused": Code(
        422,
        "This `Idempotency-Key` was used with another body in the last 24 hours.",
        "Use a new key for a new request.",
    ),
    "too_many_requests": Code(429, "This was asked for too often.", "Wait for `Retry-After` seconds."),
    "rate_limited": Code(
        429,
        "This API key made more requests than it may.",
        "Wait for `Retry-After` seconds; `RateLimit-Remaining` says how many are left.",
    ),
    "refreshed_just_now": Code(
        429, "The carrier was asked about this parcel just now.", "Wait for `Retry-After` seconds."
    ),
    # What cannot be done.
    "unprocessable": Code(
        422, "The body is well-formed, but what it asks for cannot be done.", "Read `detail`."
    ),
    "line_already_shipped": Code(
        422,
        "An order line cannot be lowered below what was shipped of it.",
        "Send the quantity that was ordered.",
    ),
    "unknown_line": Code(
        422,
        "A parcel or return names a line that there is not, or more of it than there is.",
        "Name the line by its `external_id`.",
    ),
    "more_than_ordered": Code(
        422, "A parcel holds more of a line than is left to ship.", "`detail` says how many are left."
    ),
    "order_cancelled": Code(
        422,
        "A cancelled order gets no new parcel, and nothing of it is returned.",
        "Nothing: the order was cancelled.",
    ),
    # Returns.
    "already_returned": Code(
        409, "These goods are in another return already.", "`detail` says how many are left, if any."
    ),
    "nothing_returnable": Code(409, "Nothing of the order is left to return.", "Look at its returns."),
    "window_over": Code(
        422, "The time to return it is over.", "`detail` says since when. The team can make one all the same."
    ),
    "final_sale": Code(422, "It was sold as final sale.", "The team can make a return all the same."),
    "not_returnable": Code(422, "The shop's rules do not let it come back.", "`detail` says why."),
    "resolution_not_offered": Code(
        422,
        "There is no such resolution, or it is not offered for this item.",
        "`GET /orders/{id}/returnable` lists them.",
    ),
    "method_not_offered": Code(
        422, "It cannot be sent back this way.", "`GET /orders/{id}/returnable` lists the ways."
    ),
    "gift_without_address": Code(422, "A present's credit needs an address.", "Send `gift_email`."),
    "line_twice": Code(422, "A line or part is named twice.", "Name it once, with its quantity."),
    "too_many_lines": Code(422, "A return has at most 200 lines.", "Make several."),
    "unknown_item_condition": Code(
        422, "There is no such condition or disposition.", "Compare with the reference."
    ),
    "return_state": Code(
        409, "The return is not in a state in which this can be done.", "`detail` names its state."
    ),
    "nothing_approved": Code(422, "Nothing would be left of the return.", "Reject it instead."),
    "nothing_received": Code(
        422, "The request names nothing that came.", "Say what came, or leave `lines` out."
    ),
    "invalid_days": Code(422, "The number of days is out of bounds.", "Send 1 to 365."),
    "empty_message": Code(422, "This needs words.", "Send `text`."),
    "text_too_long": Code(422, "The text is too long.", "`detail` says how long it may be."),
    "received_too_many": Code(422, "More than the return announced.", "Read its `lines`."),
    "too_many_branches": Code(422, "There are too many branches.", "Remove one that is closed."),
    "reasons_off": Code(
        422,
        "For some product no reason would be left to choose.",
        "Leave one on that has no `types` and no `parent`.",
    ),
    "reason_parent": Code(
        422,
        "The parent of a reason is not named, or has a parent itself.",
        "Send a `parent` of the same list.",
    ),
    "reason_twice": Code(422, "A reason is named twice.", "Name each `code` once."),
    "reason_without_words": Code(422, "A reason of your own needs words.", "Send `words.en` or `words.de`."),
    "too_many_reasons": Code(422, "There are too many reasons.", "Use a code again that is off."),
    "photo_broken": Code(422, "This is no photo that can be read.", "Send a JPEG, PNG or WebP in base64."),
    "too_many_photos": Code(422, "These are too many photos.", "`detail` says how many there may be."),
    "invalid_tracking_number": Code(
        422, "This is not a tracking number.", "Send 4 to 100 letters and digits."
    ),
    "no_label_for_country": Code(
        422, "Nobody makes a label for parcels from that country.", "Use another method, such as `own`."
    ),
    "not_a_pdf": Code(422, "This is no PDF in base64, or a too large one.", "Send a PDF of at most 2 MB."),
    "unknown_label_maker": Code(
        422, "There is no such maker of labels.", "See docs/returns.md for those there are."
    ),
    # Exchanges.
    "sold_out": Code(409, "The wanted variant is sold out.", "Choose another one, or another resolution."),
    "invalid_policy": Code(
        422,
        "The return policy makes no sense at one place.",
        "Mend what `param` names, such as `rules[0].conditions[1].values`.",
    ),
    "policy_changed": Code(
        409,
        "Another return policy was put in force since the version that `based_on` names.",
        "Read it again, make the change to it, and send that.",
    ),
    "unknown_variant": Code(
        422,
        "There is no such variant, or it is not one of the same product.",
        "Name it by its `external_id`.",
    ),
    "exchange_limit": Code(409, "It came by an exchange of an exchange already.", "It can be refunded."),
    "exchange_state": Code(
        409, "The exchange is not in a state in which this can be done.", "`detail` names its state."
    ),
    "not_a_link": Code(422, "This is not a link.", "Send one that begins with `https://`."),
    "order_delivered": Code(422, "An order that was delivered cannot be cancelled.", "Nothing: it arrived."),
    "shipment_cancelled": Code(
        422, "A cancelled parcel does not change any more.", "Send a new shipment with another `external_id`."
    ),
    "shipment_in_transit": Code(
        422, "The carrier has the parcel already.", "Ask the carrier to bring it back."
    ),
    "carrier_not_asked": Code(
        422, "This parcel's carrier is not asked by us.", "Push its scans to `POST /scans`."
    ),
    "message_not_failed": Code(
        409, "Only a message that failed can be tried again.", "Read its `state` and `reason`."
    ),
    "file_too_large": Code(
        413, "A file to import is larger than this installation reads.", "Send it in parts."
    ),
    "empty_file": Code(422, "A file to import is empty.", "Export it again."),
    "not_a_table": Code(
        422,
        "A file to import is neither CSV nor NDJSON.",
        "`detail` says what it seems to be; save it as CSV (UTF-8).",
    ),
    "too_many_columns": Code(
        422, "A file to import has too many columns.", "Leave out what is not imported."
    ),
    "import_state": Code(409, "The import is not in a state in which this can be done.", "Read its `state`."),
    "invalid_template": Code(
        422, "The wording of a message cannot be used.", "`detail` names the line that is wrong."
    ),
    "segment_in_use": Code(
        409, "Something still uses the segment.", "Take it out of what `detail` names, then delete it."
    ),
    "unknown_condition": Code(
        422, "There is no such kind of condition.", "See the guide on segments for the kinds."
    ),
    "invalid_condition": Code(
        422, "A condition's value cannot be read.", "Mend the value that `param` names."
    ),
    "name_taken": Code(422, "Something else of yours has this name.", "Choose another name."),
    "campaign_state": Code(
        409, "The campaign is not where this could be done to it.", "Read it: `state` says where it is."
    ),
    "unknown_segment": Code(422, "There is no such segment.", "Name one of `GET /segments`."),
    "invalid_link": Code(422, "A link does not begin with https://.", "Send a whole address."),
    "invalid_pace": Code(422, "The pace is not between 1 and 60000 a minute.", "Send a number in between."),
    "invalid_name": Code(422, "The name is empty.", "Send a name of 1 to 80 letters."),
    "too_many_segments": Code(422, "A shop has at most 200 segments.", "Delete one first."),
    "unknown_touchpoint": Code(422, "There is no such message.", "`detail` lists those that there are."),
    "unknown_channel": Code(
        422, "There is no such channel for this message.", "`detail` lists those that there are."
    ),
    "unknown_locale": Code(
        422, "There is no wording in this language.", "`detail` lists those that there are."
    ),
    "invalid_url": Code(
        422, "A webhook cannot be sent to this address.", "Send an https address that the internet can reach."
    ),
    "invalid_header": Code(
        422, "A header cannot be sent with webhooks.", "`detail` names the header and why."
    ),
    "unknown_event_type": Code(422, "There is no such type of event.", "The list is in the reference."),
    "too_many_endpoints": Code(422, "A merchant has ten webhook endpoints at most.", "Delete one first."),
    "invalid_range": Code(422, "The range of time ends before it begins.", "Send `from` before `to`."),
    "range_too_large": Code(422, "The range holds more than 10,000 events.", "Send it again in pieces."),
    "delivery_pending": Code(409, "The delivery waits to be sent.", "Nothing: it is sent by itself."),
    "invalid_address": Code(
        422, "This is no address of the channel.", "Send one e-mail address, or a number as +49…."
    ),
    "invalid_consent": Code(
        422, "This cannot be noted in the consent ledger.", "`detail` says what is missing or wrong."
    ),
    "invalid_cap": Code(422, "This is no cap for messages of this kind.", "`detail` says what can be."),
    "invalid_hours": Code(422, "These hours leave nothing of the day.", "Send two times that differ."),
    "unknown_topic": Code(422, "There is no such topic.", "`detail` lists those that there are."),
    "unknown_carrier": Code(400, "We do not know this carrier.", "The reference lists those that we know."),
    "no_tracking_number": Code(
        422, "The shipment has no tracking number, so its carrier cannot be found.", "Send the number first."
    ),
    "watch_item_not_open": Code(409, "The watch item is closed or dismissed.", "Nothing: it needs nobody."),
    "unknown_member": Code(
        422, "Nobody in the team has this address.", "Send the e-mail address of somebody in the team."
    ),
    "unknown_dismissal": Code(
        422, "There is no such reason for a dismissal.", "`detail` lists those that there are."
    ),
    "not_an_amount": Code(422, "An amount is nothing, below zero, or no number.", "Mend what `param` names."),
    "amount_too_fine": Code(
        422, "An amount has parts of the currency's smallest unit.", "Round it; `detail` names the unit."
    ),
    "other_currency": Code(422, "The order has another currency.", "Send amounts in the order's currency."),
    "unknown_payment": Code(
        422, "The order has no payment of this name.", "`GET /orders/{id}/money` lists them."
    ),
    "payments_do_not_sum": Code(
        422,
        "What the payments give back is not the amount.",
        "Let them sum up to `amount`, or leave them out.",
    ),
    "payment_below_refunded": Code(
        409, "More than that went back of a payment, or is set aside.", "Let it be at least that much."
    ),
    "refund_above_paid": Code(
        409,
        "More than what was paid, did not go back yet and is not set aside.",
        "`GET /orders/{id}/money` says what is left.",
    ),
    "refund_settled": Code(
        409,
        "The refund was completed, or has failed, already.",
        "Read its `state`; ask for a new one if need be.",
    ),
    "refund_counted_already": Code(
        409,
        "Another refund of the order has this reference and is counted by itself.",
        "Let the one that waits fail: its money went back by the other.",
    ),
    "refund_key_reused": Code(409, "The key asked for another refund before.", "Make a key for each refund."),
    "credit_key_reused": Code(
        409, "The key gave or spent another credit before.", "Make a key for each of them."
    ),
    "not_enough_credit": Code(
        409, "The customer has less store credit than that.", "`GET /customers/{id}/credit` says how much."
    ),
    "not_enough_money": Code(409, "An account does not hold that much.", "Read the object, then try again."),
    "transfer_key_reused": Code(409, "The key moved something else before.", "Make a key for each transfer."),
    "transfer_not_pending": Code(
        409, "A transfer was posted or voided already, or its time is up.", "Read the object; begin anew."
    ),
    # Claims under the parcel protection.
    "no_customer": Code(409, "The order has no customer.", "Choose another resolution."),
    **{
        f"claim_{status}": Code(
            409, f"The claim is {status.replace('_', ' ')}.", "Read it; it cannot do that now."
        )
        for status in ("parked", "open", "needs_more", "paused", "approved", "declined", "closed")
    },
    "protection_off": Code(409, "The shop protects no orders.", "Settings › Parcel protection."),
    # Withdrawals.
    "withdrawal_unmatched": Code(409, "Its order is not known yet.", "`POST /withdrawals/{id}/match` first."),
    "withdrawal_open": Code(409, "The withdrawal has another order, or is open.", "Read it."),
    "withdrawal_not_open": Code(
        409, "Only an open withdrawal is refunded, or sent back.", "Read it; match it first."
    ),
    "unknown_credential": Code(
        422, "The maker of labels has no such key.", "Send those that `credentials` lists."
    ),
    "clocks_cross": Code(422, "No claim could ever be made.", "Send a `file_days` above `stolen_days`."),
    "returned_to_sender": Code(422, "The parcel is on its way back to you.", "Settle it as a return."),
    "chargeback": Code(422, "The payment of the order is disputed.", "Settle it there."),
    "too_late": Code(422, "The time for it is over.", "Nothing: read when it was possible."),
    "parcel_delivered": Code(422, "The parcel was delivered.", "Claim it as `stolen` or `damaged`."),
    "not_covered": Code(
        422, "The order is not protected.", "Protect it with `POST /orders/{id}/cover` first."
    ),
    "photo_missing": Code(422, "A damage needs a photo.", "Send `photos`."),
    "not_sent": Code(422, "Nothing of it was sent yet.", "Send nothing; or try again once it is sent."),
    "withdrawal_completed": Code(409, "The withdrawal is done.", "Nothing: its money went back."),
    "withdrawal_set_aside": Code(409, "The withdrawal was set aside.", "Match it anew to take it up again."),
    "reason_missing": Code(422, "A decision needs its reason.", "Send `reason`."),
    "invalid_time": Code(422, "A time lies in the future or has no offset.", "Send ISO 8601 with an offset."),
    # Not your fault.
    "internal_error": Code(
        500,
        "Something went wrong on our side. Nothing of the request was stored.",
        "Send it again with the same `Idempotency-Key`; tell the operator the `request_id`.",
    ),
    "unavailable": Code(
        503,
        "The database cannot be reached, or not in time. Nothing of the request was stored.",
        "Send it again with the same `Idempotency-Key` after `Retry-After` seconds.",
    ),
}
