/**
 * On-demand prices of Linux instances, USD per hour, for price histories that do not give one. Taken from recorded price
 * files. An instance type that is missing here needs `--on-demand-price`.
 */
const known: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'c5.large': {
    'us-east-1': 0.085,
    'us-west-1': 0.106,
    'us-west-2': 0.085,
    'ca-central-1': 0.093,
    'eu-central-1': 0.097,
    'eu-west-2': 0.101,
    'eu-west-3': 0.101,
    'ap-south-1': 0.085,
    'ap-northeast-2': 0.096,
    'ap-southeast-1': 0.098,
    'ap-southeast-2': 0.111,
  },
  'c5a.2xlarge': { 'us-east-1': 0.308 },
  'm5.large': {
    'us-east-1': 0.096,
    'us-west-1': 0.112,
    'us-west-2': 0.096,
    'ca-central-1': 0.107,
    'eu-central-1': 0.115,
    'eu-west-2': 0.111,
    'eu-west-3': 0.112,
    'ap-south-1': 0.101,
    'ap-northeast-2': 0.118,
    'ap-southeast-1': 0.12,
    'ap-southeast-2': 0.12,
  },
  't3.medium': {
    'us-east-1': 0.0416,
    'us-west-1': 0.0496,
    'us-west-2': 0.0416,
    'ca-central-1': 0.0464,
    'eu-central-1': 0.048,
    'eu-west-2': 0.0472,
    'eu-west-3': 0.0472,
    'ap-south-1': 0.0448,
    'ap-northeast-2': 0.052,
    'ap-southeast-1': 0.0528,
    'ap-southeast-2': 0.0528,
  },
};

export const knownOnDemandPrice = (instanceType: string, region: string): number | undefined =>
  known[instanceType]?.[region];
