import { randomUuid, type Random } from "@coracle/base";
import { StatusError, type ResourceDefinition, type UnstructuredObject } from "@coracle/apimachinery";
import type { WebhookPoster } from "../../webhook-client/index.ts";
import type { CustomResourceDefinition } from "../types.ts";
import { acceptConverted, conversionReview, readReview, reviewVersionOf } from "./conversion-review.ts";

const timeoutMs = 30_000;

/** Converts custom resources by the webhook of their definition; undefined where there is nothing to ask a webhook. */
export function webhookConverter(
  crd: Readonly<CustomResourceDefinition>,
  { webhooks, random }: { readonly webhooks: Pick<WebhookPoster, "post">; readonly random: Random },
): ResourceDefinition["convertRemotely"] {
  const { conversion, versions, names, group } = crd.spec;
  const config = conversion?.webhook?.clientConfig;
  if (conversion?.strategy !== "Webhook" || config === undefined || versions.length < 2) return undefined;
  const reviewVersion = reviewVersionOf(conversion.webhook?.conversionReviewVersions ?? []);
  return async (objects, apiVersion) => {
    const from = objects[0]?.apiVersion ?? group;
    const failure = (text: string): StatusError => serverFailure(`conversion webhook for ${from}, Kind=${names.kind} ${text}`);
    if (reviewVersion === undefined) throw failure("failed: no supported conversion review versions");
    const uid = randomUuid(random);
    let converted: unknown[];
    try {
      const review = conversionReview(reviewVersion, { uid, desiredAPIVersion: apiVersion, objects });
      converted = readReview(reviewVersion, uid, await webhooks.post(config, review, { timeoutMs }));
    } catch (error) {
      throw failure(`failed: ${(error as Error).message}`);
    }
    if (converted.length !== objects.length) throw failure(`returned ${converted.length} objects, expected ${objects.length}`);
    return objects.map((object, index): UnstructuredObject => {
      try {
        return acceptConverted(object, converted[index], apiVersion);
      } catch (error) {
        const place = objects.length === 1 ? "object" : `converted object at index ${index}`;
        throw failure(`returned invalid ${place}: ${(error as Error).message}`);
      }
    });
  };
}

/** 500 without a reason, which is what upstream makes of errors that it does not know. */
function serverFailure(message: string): StatusError {
  return new StatusError({ kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, code: 500 });
}
