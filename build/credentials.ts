/**
 * Stands in for the AWS SDK's search for credentials in every bundle. Lambda always gives them in the environment, and so
 * does `local/`; the SDK would bring all other ways along (SSO, profiles, metadata services): 120 KB and 8 ms a start.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
