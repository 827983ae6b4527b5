import { asRead, preview } from "./preview";
import { type WrongInput, wrongInputs } from "./table";

/** Made by `npm run messages`. */
export const pagePath = "docs/messages.md";

const introduction = `# Messages

<!-- Made by \`npm run messages\` from test/fixtures/wrongInputs: each message as a preview really prints it. -->

What a preview says of a wrong program, or of a host that cannot take a right one. Nothing on the host is changed then.
Each message has the path of the property that is to blame, if one is, what is wrong, and what to do. Beside it stand
the name of the resource and that of the host. [Troubleshooting](troubleshooting.md) explains the less obvious ones, and
those of an update.
`;

/** The page of all messages, each as the provider's own check says it now. */
export async function messagesPage(): Promise<string> {
  const parts = [introduction];
  for (const { title, withoutPath, rows } of wrongInputs()) {
    parts.push(`\n## ${title}\n`);
    if (withoutPath !== undefined) parts.push(`\nWithout the path of a property: ${withoutPath}\n`);
    for (const row of rows) parts.push(`\n- ${row.what}\n\n  > ${escaped(await message(row))}\n`);
  }
  return parts.join("");
}

async function message(row: WrongInput): Promise<string> {
  const texts = (await preview(row)).map(asRead);
  return texts.find((text) => text.includes(row.wrong) && text.includes(row.advice)) ?? texts.join("; ");
}

/** Text as Markdown shows it unchanged, line by line. */
function escaped(text: string): string {
  return text.replace(/[\\`*_<>[\]|#&]/g, "\\$&").replace(/\s*\n\s*/g, "\\\n  > ");
}
