/** Text as a pattern of LIKE: characters that mean others there stand for themselves. */
export const likeText = (text: string) => text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);
