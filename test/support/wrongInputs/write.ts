// npm run messages
//
// Writes docs/messages.md anew, from what previews of all wrong inputs really say.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { messagesPage, pagePath } from "./page";

messagesPage().then((page) => writeFileSync(join(__dirname, "..", "..", "..", "..", pagePath), page));
