import { OpenStackClient } from "./client";
import { readCloudFiles } from "./cloudFiles";
import { type OpenStackInput, openStackAccess } from "./input";
import { CloudSession } from "./session";

const sessions = new Map<string, CloudSession>();

/**
 * The one session of this process for a cloud, as a program says it and this machine's files and environment complete it.
 *
 * @throws CloudError of kind settings.
 */
export function cloudSessionFor(input: OpenStackInput): CloudSession {
  const key = JSON.stringify(input);
  const existing = sessions.get(key);
  if (existing) return existing;
  const access = openStackAccess(input, process.env, () => readCloudFiles(process.env));
  const session = new CloudSession(new OpenStackClient(access));
  sessions.set(key, session);
  return session;
}
