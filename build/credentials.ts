/**
 * Replaces the AWS SDK's credential provider chain in every bundle. Lambda and `local/` always pass credentials in the
 * environment; the SDK's chain (SSO, profiles, metadata services) would cost 120 KB and 8 ms per cold start.
 */
export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';
