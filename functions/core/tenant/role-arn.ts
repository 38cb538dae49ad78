/** The AWS account in a role's ARN. */
export const accountOf = (roleArn: string) => roleArn.split(':')[4];
